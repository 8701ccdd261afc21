// Makes a Postman collection of the contract, and runs it with newman: postman.mjs SERVER REPORTS
//
// The collection's requests are as openapi-to-postmanv2 makes them, put into the order of a tester's walk. What a request
// takes from an earlier answer, the contract's `links` say.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import newman from "newman";
import converter from "openapi-to-postmanv2";

const WALK = [
  "assertSandboxPerson",
  "register",
  "listSandboxMails",
  "confirmRegistration",
  "getToken",
  "getLanding",
  "getTerms",
  "acceptTerms",
  "openSpace",
  "getSpace",
  "editSpace",
  "listSpaces",
  "listSandboxPartners",
  "assertSandboxPartner",
  {
    id: "getToken",
    form: {
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: "",
    },
  },
  "getPartnerClient",
  "listPartnerCertifications",
  "listPartnerProcedures",
  "listPartnerEvents",
].map((step) => (typeof step === "string" ? { id: step } : step));

const [server, reports] = process.argv.slice(2);
const contract = await (await fetch(`${server}/v1/openapi.json`)).json();

const operations = new Map();
for (const [path, item] of Object.entries(contract.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    operations.set(operation.operationId, { ...operation, method: method.toUpperCase(), path });
  }
}

const collection = await new Promise((resolve, reject) =>
  converter.convertV2(
    { type: "json", data: contract },
    { parametersResolution: "Example", optimizeConversion: true },
    (error, result) => (error || !result.result ? reject(error ?? result.reason) : resolve(result.output[0].data)),
  ),
);

const requests = [];
(function collect(items) {
  for (const item of items) item.item ? collect(item.item) : requests.push(item);
})(collection.item);

/** The generated request of an operation. */
function requestOf(id) {
  const { method, path } = operations.get(id);
  const found = requests.find(
    ({ request }) =>
      request.method === method && `/${request.url.path.join("/")}` === path.replace(/\{(\w+)\}/g, ":$1"),
  );
  if (!found) throw new Error(`the collection has no request for ${id}`);
  return structuredClone(found);
}

/** The variable that holds what stands at a place of an operation's answer. */
const variable = (id, place) => `${id}${place.replace("$response.body#", "").replaceAll("/", ".")}`;

/** The body of a request that may be of several forms, as this one. */
function filled(item, form) {
  item.request.body.urlencoded = Object.entries(form).map(([key, value]) => ({ key, value }));
}

/** Whether a link leads into this form of a request. */
const fits = ({ request }, { requestBody }) =>
  request.body?.mode !== "urlencoded" ||
  Object.keys(requestBody ?? {}).every((name) => request.body.urlencoded.some(({ key }) => key === name));

/** Puts what earlier answers gave into a request, as the links to it say. */
function linked(item, id, sources) {
  const { request } = item;
  for (const { from, link } of sources.filter(({ link }) => fits(item, link))) {
    for (const [name, place] of Object.entries(link.parameters ?? {})) {
      const parameter = [...(request.url.variable ?? []), ...(request.url.query ?? [])].find(({ key }) => key === name);
      parameter.value = `{{${variable(from, place)}}}`;
      parameter.disabled = false;
    }
    for (const [name, place] of Object.entries(link.requestBody ?? {})) {
      const value = `{{${variable(from, place)}}}`;
      if (request.body.mode === "urlencoded") {
        request.body.urlencoded.find(({ key }) => key === name).value = value;
      } else {
        request.body.raw = JSON.stringify({ ...JSON.parse(request.body.raw), [name]: value });
      }
    }
  }
}

/** What a request does with its answer. */
function script(id) {
  const wanted = Object.values(operations.get(id).responses)
    .flatMap(({ links }) => Object.values(links ?? {}))
    .flatMap(({ parameters, requestBody }) => [...Object.values(parameters ?? {}), ...Object.values(requestBody ?? {})]);
  if (id === "getToken") wanted.push("$response.body#/access_token");
  const pointers = [...new Set(wanted)].map((place) => [variable(id, place), place.split("#/")[1].split("/")]);
  return [
    `pm.test("${id} succeeds", () => pm.expect(pm.response.code).to.be.within(200, 299));`,
    `for (const [name, path] of ${JSON.stringify(pointers)}) {`,
    `  pm.collectionVariables.set(name, path.reduce((value, key) => value?.[key], pm.response.json()));`,
    `}`,
  ];
}

collection.item = WALK.map(({ id, form }, place) => {
  const item = requestOf(id);
  item.name = id;
  if (form) filled(item, form);
  const sources = WALK.slice(0, place).flatMap(({ id: from }) =>
    Object.values(operations.get(from).responses)
      .flatMap(({ links }) => Object.values(links ?? {}))
      .filter(({ operationId }) => operationId === id)
      .map((link) => ({ from, link })),
  );
  linked(item, id, sources);
  item.event = [{ listen: "test", script: { exec: script(id) } }];
  if (operations.get(id).security.length > 0) {
    // That of whoever got one last.
    const token = `{{${variable("getToken", "$response.body#/access_token")}}}`;
    item.request.auth = { type: "bearer", bearer: [{ key: "token", value: token, type: "string" }] };
  }
  return item;
});
const base = new URL(server);
collection.variable = [{ key: "baseUrl", value: base.origin }];
writeFileSync(join(reports, "postman.json"), JSON.stringify(collection, null, 2));

newman.run({ collection, reporters: ["cli"], color: "off" }, (error, summary) => {
  const failures = summary?.run.failures.length ?? 0;
  const asked = summary?.run.stats.requests.total ?? 0;
  if (error || failures > 0 || asked !== WALK.length) {
    console.error(error ?? `${failures} failures in ${asked} of ${WALK.length} requests`);
    process.exit(1);
  }
});
