// Opens Swagger UI in Chromium and tries operations out: swagger.mjs SERVER REPORTS
//
// One public operation and, after logging in by the API, one that wants a token must answer 2xx from the page itself. A
// screenshot is kept among the reports.

import { accessSync } from "node:fs";
import { join } from "node:path";

import { chromium } from "playwright-core";

const [server, reports] = process.argv.slice(2);

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
});

async function token() {
  const ask = async (path, body) => {
    const isForm = body instanceof URLSearchParams;
    const headers = isForm ? {} : { "Content-Type": "application/json" };
    const reply = await fetch(server + path, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  };
  const person = await ask("/sandbox/persons", { products: ["eid"], helpdesk: false });
  const login = { person: person.id, product: person.products[0].serial };
  const { idToken } = await ask("/sandbox/assertions", login);
  const email = `${person.id}@example.lu`;
  const { id } = await ask("/v1/registrations", { assertion: idToken, email, language: "en" });
  const mails = await (await fetch(`${server}/sandbox/mails?to=${email}`)).json();
  await ask(`/v1/registrations/${id}/confirm`, { code: mails.data[0].code });
  const form = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
    subject_token: idToken,
  });
  return (await ask("/v1/token", form)).access_token;
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));

  await page.goto(`${server}/docs/`);
  await page.waitForSelector(".opblock");
  const contract = await (await fetch(`${server}/v1/openapi.json`)).json();
  const expected = Object.values(contract.paths).flatMap((path) => Object.keys(path)).length;
  const shown = await page.locator(".opblock").count();
  if (shown !== expected) throw new Error(`${shown} of ${expected} operations are shown`);

  const tryOut = async (tag, id) => {
    const block = page.locator(`#operations-${tag}-${id}`);
    await block.locator(".opblock-summary-control").click();
    await block.locator(".try-out__btn").click();
    const answered = page.waitForResponse((response) => response.url().startsWith(server));
    await block.locator(".execute").click();
    const response = await answered;
    await block.locator(".live-responses-table .response-col_status").first().waitFor();
    if (!response.ok()) throw new Error(`${id} answered ${response.status()}`);
    console.log(`${id}: ${response.status()}`);
  };

  await tryOut("Identity", "getTerms");
  await page.locator(".auth-wrapper .authorize").first().click();
  const person = page.locator(".auth-container form").filter({ hasText: "person (http" });
  await person.locator("input").fill(await token());
  await person.locator(".authorize").click();
  await page.locator(".auth-btn-wrapper .btn-done").first().click();
  await tryOut("Person", "getLanding");

  await page.screenshot({ path: join(reports, "swagger-ui.png"), fullPage: true });
  if (complaints.length > 0) throw new Error(`the page complains: ${complaints.join("; ")}`);
} finally {
  await browser.close();
}
