//! What comes round by the clock. A further job is one more entry of the list.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{
    certification::access_code,
    collaboration::{invitation, join_request, system_user},
    identity::{address, registration, session},
};
use persistence::{Lease, StoreError, Transaction};
use tokio::sync::watch;

use super::LEASE;
use crate::{
    app::App,
    certification,
    collaboration::{invitation::reminder, join_requests},
    http::idempotency,
    space::life,
};

/// Work that is done every so often by one worker of all.
struct Job {
    /// Its name in the database: never changed.
    name: &'static str,
    /// How long it rests when it is done.
    every: TimeDelta,
    /// Does a part of it, at most a hundred rows, in a transaction of its own. Says whether there may be more. What it does
    /// outside the database goes through the outbox.
    part: fn(&App, &mut Transaction<'_>) -> Result<bool, StoreError>,
}

const JOBS: &[Job] = &[
    Job {
        name: "purge_idempotency_keys",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_keys(tx.now() - idempotency::MEMORY),
    },
    Job {
        name: "purge_assertions",
        every: TimeDelta::hours(1),
        // Later than any issuer's clock may be wrong: who still takes an assertion must find that it was used.
        part: |_, tx| tx.purge_assertions(tx.now() - TimeDelta::hours(1)),
    },
    Job {
        name: "purge_client_assertions",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_client_assertions(tx.now() - TimeDelta::hours(1)),
    },
    Job {
        name: "purge_system_users",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_system_users(tx.now() - system_user::KEPT),
    },
    Job {
        name: "purge_registrations",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_registrations(tx.now() - registration::KEPT),
    },
    Job {
        name: "purge_addresses",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_addresses(tx.now() - address::ASKED_WITHIN),
    },
    Job {
        name: "purge_sessions",
        every: TimeDelta::hours(1),
        // One that began before this ended at the latest when it had to be kept no longer.
        part: |_, tx| tx.purge_sessions(tx.now() - session::WHOLE - session::KEPT),
    },
    Job {
        name: "purge_access_codes",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_access_codes(tx.now() - access_code::KEPT),
    },
    Job {
        name: "purge_activation_failures",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_activation_failures(tx.now() - access_code::activation::FAILURES_WITHIN),
    },
    Job {
        name: "purge_partner_events",
        every: TimeDelta::hours(1),
        part: |app, tx| tx.purge_events(tx.now() - app.config.events_kept),
    },
    Job { name: "purge_procedures", every: TimeDelta::hours(1), part: |_, tx| tx.purge_procedures() },
    Job {
        name: "give_up_files",
        every: TimeDelta::minutes(10),
        // Later than anybody may still be sending one, or keeping one that was sent.
        part: |app, tx| tx.give_up_files(tx.now() - app.config.deadlines.upload - TimeDelta::hours(1)),
    },
    Job { name: "remind_of_purges", every: TimeDelta::hours(1), part: life::remind },
    Job { name: "remind_of_invitations", every: TimeDelta::hours(1), part: reminder::remind },
    Job {
        name: "purge_invitations",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_invitations(tx.now() - invitation::REMEMBERED),
    },
    Job { name: "purge_spaces", every: TimeDelta::hours(1), part: life::purge },
    Job { name: "expire_certifications", every: TimeDelta::minutes(5), part: certification::due::expire },
    Job { name: "warn_of_certifications", every: TimeDelta::hours(1), part: certification::due::warn },
    Job { name: "tell_agents_of_principals", every: TimeDelta::minutes(1), part: certification::due::heed_principals },
    Job { name: "tell_of_join_requests", every: TimeDelta::minutes(1), part: join_requests::tell },
    Job {
        name: "purge_join_requests",
        every: TimeDelta::hours(1),
        part: |_, tx| tx.purge_join_requests(tx.now() - join_request::KEPT),
    },
];

/// Does the jobs that are due. Says that there is no more: what comes round comes by the clock.
pub async fn round(app: &Arc<App>, stop: &watch::Receiver<bool>) -> Result<bool, StoreError> {
    let names: Vec<_> = JOBS.iter().map(|job| job.name).collect();
    let due = app.store.glance(move |tx| tx.due_jobs(&names)).await?;
    let mut ailing = None;
    for job in JOBS.iter().filter(|job| due.contains(&job.name)) {
        let Some(lease) = take(app, job).await? else { continue };
        // One that fails keeps no other from its turn. If that was for a reason of its own, it is due again when its lease
        // ends; if the database failed it, after a rest.
        if let Err(error) = run(app, job, lease, stop).await {
            app.metrics.job_failed(job.name);
            if matches!(error, StoreError::Busy(_) | StoreError::OutcomeUnknown(_)) {
                ailing = Some(error);
            } else {
                tracing::warn!(%error, job = job.name, "a recurring job failed");
            }
        }
    }
    ailing.map_or(Ok(false), Err)
}

async fn take(app: &Arc<App>, job: &'static Job) -> Result<Option<Lease>, StoreError> {
    match app.store.write(|tx| tx.take_job(job.name, tx.now() + LEASE)).await {
        Err(StoreError::Conflict(_)) => Ok(None),
        taken => taken,
    }
}

async fn run(app: &Arc<App>, job: &'static Job, lease: Lease, stop: &watch::Receiver<bool>) -> Result<(), StoreError> {
    let done = finish(app, job, &lease, stop).await;
    // What stopped halfway is for whoever looks next, and needs no wait for the lease's end.
    if matches!(done, Ok(false) | Err(StoreError::Busy(_) | StoreError::OutcomeUnknown(_))) {
        app.store.write(move |tx| tx.end_job(&lease, tx.now())).await?;
    }
    done.map(drop)
}

/// Does a job part by part; says whether nothing of it is left to us.
async fn finish(
    app: &Arc<App>,
    job: &'static Job,
    lease: &Lease,
    stop: &watch::Receiver<bool>,
) -> Result<bool, StoreError> {
    while !*stop.borrow() {
        let (app_of_part, lease) = (Arc::clone(app), lease.clone());
        match app.store.write(move |tx| part(&app_of_part, tx, job, &lease)).await? {
            Part::More => (),
            Part::Last => {
                app.metrics.job_done(job.name, (app.clock)());
                return Ok(true);
            }
            Part::Lost => return Ok(true),
        }
    }
    Ok(false)
}

/// What came of a part of a job.
enum Part {
    /// There may be more to do.
    More,
    /// It was the last one.
    Last,
    /// Another worker has the job now.
    Lost,
}

/// Does a part of a job, if it still is held, and ends the job with its last part.
fn part(app: &App, tx: &mut Transaction<'_>, job: &Job, lease: &Lease) -> Result<Part, StoreError> {
    // What becomes due while the part is done, it may not have seen: the rest is counted from before.
    let begun = tx.now();
    if !tx.hold_job(lease, begun + LEASE)? {
        return Ok(Part::Lost);
    }
    if (job.part)(app, tx)? {
        return Ok(Part::More);
    }
    tx.end_job(lease, begun + job.every)?;
    Ok(Part::Last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_jobs_share_a_name() {
        for (place, job) in JOBS.iter().enumerate() {
            assert!(JOBS[..place].iter().all(|other| other.name != job.name), "{}", job.name);
        }
    }
}
