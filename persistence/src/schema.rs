// @generated automatically by Diesel CLI.

diesel::table! {
    access_codes (id) {
        id -> Text,
        digest -> Text,
        administration -> Text,
        service -> Text,
        capacity -> Text,
        principal_id -> Nullable<Text>,
        request_id -> Nullable<Text>,
        legal_person_digest -> Text,
        legal_person_sealed -> Text,
        legal_number_wanted -> Bool,
        space_identifier -> Nullable<Text>,
        domains -> Text,
        security_code -> Nullable<Text>,
        wrong_tries -> BigInt,
        issued_by_partner -> Nullable<Text>,
        issued_by_person -> Nullable<Text>,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        certification_ends_at -> Nullable<Timestamp>,
        status -> Text,
        certification_id -> Nullable<Text>,
        used_at -> Nullable<Timestamp>,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    activation_failures (id) {
        id -> Text,
        person_id -> Text,
        space_id -> Text,
        failed_at -> Timestamp,
    }
}

diesel::table! {
    administrations (code) {
        code -> Text,
        catalogue -> Text,
        titles -> Text,
        is_retired -> Bool,
    }
}

diesel::table! {
    assertion_uses (digest, purpose) {
        digest -> Text,
        purpose -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    attachments (file_id) {
        file_id -> Text,
        procedure_id -> Text,
        slot -> Text,
        name_sealed -> Text,
        person_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    audit_chains (chain) {
        chain -> Text,
        entries -> BigInt,
        hash -> Text,
        appended_at -> Nullable<Timestamp>,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    audit_entries (chain, position) {
        chain -> Text,
        position -> BigInt,
        recorded_at -> Timestamp,
        act -> Text,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        actor_product -> Nullable<Text>,
        object -> Text,
        changed -> Text,
        reason_code -> Nullable<Text>,
        reason_text -> Nullable<Text>,
        previous_hash -> Text,
        hash -> Text,
        actor_client -> Nullable<Text>,
    }
}

diesel::table! {
    authentic_sources (code) {
        code -> Text,
        catalogue -> Text,
        administration -> Text,
        theme -> Text,
        audience -> Text,
        titles -> Text,
        descriptions -> Text,
        certification -> Nullable<Text>,
        domain -> Nullable<Text>,
        fresh_days -> BigInt,
        form -> Text,
        is_retired -> Bool,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    awaiting_addresses (id) {
        id -> Text,
        owner -> Text,
        asked_by -> Text,
        email -> Nullable<Text>,
        code_digest -> Text,
        code_expires_at -> Timestamp,
        tries_left -> BigInt,
        resends_left -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    catalogues (name) {
        name -> Text,
        version -> BigInt,
        loaded_at -> Timestamp,
    }
}

diesel::table! {
    certification_steps (certification_id, position) {
        certification_id -> Text,
        position -> BigInt,
        act -> Text,
        at -> Timestamp,
        party -> Text,
        person_id -> Nullable<Text>,
        partner_id -> Nullable<Text>,
        reason -> Nullable<Text>,
        ends_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    certifications (id) {
        id -> Text,
        space_id -> Text,
        service -> Text,
        administration -> Text,
        capacity -> Text,
        principal_id -> Nullable<Text>,
        legal_person_digest -> Text,
        legal_person_sealed -> Text,
        domains -> Text,
        origin -> Text,
        applicant_id -> Text,
        application_sealed -> Nullable<Text>,
        security_code -> Nullable<Text>,
        status -> Text,
        taken_up_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        ends_at -> Nullable<Timestamp>,
        warn_at -> Nullable<Timestamp>,
        heed_at -> Nullable<Timestamp>,
        is_principal_lapsed -> Bool,
        version -> BigInt,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    client_assertions (client_id, digest) {
        client_id -> Text,
        digest -> Text,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    clients (id) {
        id -> Text,
        jwks -> Text,
    }
}

diesel::table! {
    company_profiles (space_id) {
        space_id -> Text,
        sealed -> Text,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (scope) {
        scope -> Text,
        fingerprint -> Text,
        status -> BigInt,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        sealed -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    installation (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    invitations (id) {
        id -> Text,
        space_id -> Text,
        inviter_id -> Text,
        given_name -> Text,
        family_name -> Text,
        email -> Text,
        serial -> Text,
        role -> Text,
        scope -> Text,
        membership_ends_at -> Nullable<Timestamp>,
        valid_days -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        mailed_at -> Timestamp,
        mails_counted_from -> Timestamp,
        mails_count -> BigInt,
        remind_at -> Nullable<Timestamp>,
        mismatch_told -> Bool,
        outcome -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
        membership_id -> Nullable<Text>,
    }
}

diesel::table! {
    join_requests (id) {
        id -> Text,
        person_id -> Text,
        product_id -> Text,
        identifier -> Text,
        space_id -> Nullable<Text>,
        created_at -> Timestamp,
        ends_at -> Timestamp,
        cancelled_at -> Nullable<Timestamp>,
        decision -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        tell_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    limit_requests (id) {
        id -> Text,
        product_id -> Text,
        space_limit -> BigInt,
        reason -> Text,
        status -> Text,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        granted_limit -> Nullable<BigInt>,
        decision_reason -> Nullable<Text>,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    memberships (id) {
        id -> Text,
        space_id -> Text,
        person_id -> Text,
        role -> Text,
        scope -> Text,
        product_id -> Text,
        status -> Text,
        ends_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    notification_preferences (person_id, turned_off) {
        person_id -> Text,
        turned_off -> Text,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        sealed -> Text,
        created_at -> Timestamp,
        due_at -> Timestamp,
        tries -> BigInt,
        lease -> Nullable<Text>,
        dead_at -> Nullable<Timestamp>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    partner_events (id) {
        id -> Text,
        administration -> Text,
        kind -> Text,
        subject -> Text,
        happened_at -> Timestamp,
        position -> Nullable<BigInt>,
    }
}

diesel::table! {
    partner_feeds (administration) {
        administration -> Text,
        last_position -> BigInt,
        purged_to -> BigInt,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    partners (id) {
        id -> Text,
        administration -> Text,
        name -> Text,
        scopes -> Text,
        status -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    persons (id) {
        id -> Text,
        number_digest -> Text,
        number_sealed -> Text,
        given_name -> Text,
        family_name -> Text,
        email -> Text,
        language -> Text,
        created_at -> Timestamp,
        lock_seq -> BigInt,
        version -> BigInt,
        updated_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    procedure_signatures (procedure_id, place) {
        procedure_id -> Text,
        place -> BigInt,
        person_id -> Text,
        product_id -> Text,
        assurance -> Text,
        authenticated_at -> Timestamp,
        digest -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    procedure_steps (procedure_id, version) {
        procedure_id -> Text,
        version -> BigInt,
        act -> Text,
        person_id -> Nullable<Text>,
        client_id -> Nullable<Text>,
        at -> Timestamp,
    }
}

diesel::table! {
    procedure_type_versions (code, version) {
        code -> Text,
        version -> BigInt,
        administration -> Text,
        theme -> Text,
        audience -> Text,
        titles -> Text,
        descriptions -> Text,
        keywords -> Nullable<Text>,
        certification -> Nullable<Text>,
        least_assurance -> Text,
        attachments -> Text,
        signature -> Text,
        replies_allowed -> Bool,
        form -> Text,
    }
}

diesel::table! {
    procedure_types (code) {
        code -> Text,
        catalogue -> Text,
        version -> BigInt,
        is_retired -> Bool,
    }
}

diesel::table! {
    procedures (id) {
        id -> Text,
        space_id -> Text,
        type_code -> Text,
        type_version -> BigInt,
        state -> Text,
        content_sealed -> Text,
        binned_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
        lock_seq -> BigInt,
        assignee_id -> Nullable<Text>,
        reference -> Nullable<Text>,
        digest -> Nullable<Text>,
        sent_at -> Nullable<Timestamp>,
        administration -> Nullable<Text>,
        outcome -> Nullable<Text>,
        explanation_sealed -> Nullable<Text>,
        verification -> Nullable<Text>,
    }
}

diesel::table! {
    products (id) {
        id -> Text,
        person_id -> Text,
        serial -> Text,
        kind -> Text,
        status -> Text,
        space_limit -> BigInt,
        created_at -> Timestamp,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    recoveries (id) {
        id -> Text,
        space_id -> Text,
        appointee_id -> Text,
        product_id -> Text,
        opened_by -> Text,
        reason -> Text,
        created_at -> Timestamp,
        confirmable_at -> Timestamp,
        status -> Text,
        ended_at -> Nullable<Timestamp>,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    recovery_memberships (recovery_id, membership_id) {
        recovery_id -> Text,
        membership_id -> Text,
    }
}

diesel::table! {
    recurring_jobs (name) {
        name -> Text,
        due_at -> Timestamp,
        lease -> Nullable<Text>,
    }
}

diesel::table! {
    refresh_tokens (digest) {
        digest -> Text,
        session_id -> Text,
        issued_at -> Timestamp,
        spent_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    registrations (id) {
        id -> Text,
        serial -> Text,
        kind -> Text,
        number_digest -> Text,
        number_sealed -> Text,
        given_name -> Text,
        family_name -> Text,
        assurance -> Text,
        email -> Text,
        language -> Text,
        status -> Text,
        code_digest -> Text,
        code_expires_at -> Timestamp,
        tries_left -> BigInt,
        resends_left -> BigInt,
        created_at -> Timestamp,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    sectors (code) {
        code -> Text,
        catalogue -> Text,
        titles -> Text,
        is_retired -> Bool,
    }
}

diesel::table! {
    service_domains (service, code) {
        service -> Text,
        code -> Text,
        titles -> Text,
        is_retired -> Bool,
    }
}

diesel::table! {
    services (code) {
        code -> Text,
        catalogue -> Text,
        administration -> Text,
        sector -> Text,
        titles -> Text,
        descriptions -> Text,
        ways_in -> Text,
        applicants -> Text,
        reapply_after_hours -> Nullable<BigInt>,
        has_security_code -> Bool,
        least_assurance -> Text,
        code_valid_days -> BigInt,
        valid_days -> Nullable<BigInt>,
        is_retired -> Bool,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        person_id -> Text,
        product_id -> Text,
        assurance -> Text,
        authenticated_at -> Timestamp,
        helpdesk -> Bool,
        created_at -> Timestamp,
        refreshed_at -> Timestamp,
        ended -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
        lock_seq -> BigInt,
        current_space -> Nullable<Text>,
    }
}

diesel::table! {
    source_records (id) {
        id -> Text,
        source -> Text,
        record_key -> Text,
        version -> BigInt,
        subject_digest -> Text,
        subject_sealed -> Text,
        content_sealed -> Nullable<Text>,
        as_of -> Timestamp,
        received_at -> Timestamp,
    }
}

diesel::table! {
    source_verifications (id) {
        id -> Text,
        record_id -> Text,
        source -> Text,
        administration -> Text,
        seen -> BigInt,
        space_id -> Text,
        person_id -> Text,
        status -> Text,
        discrepancies_sealed -> Nullable<Text>,
        answer_sealed -> Nullable<Text>,
        made_at -> Timestamp,
        answered_at -> Nullable<Timestamp>,
        lock_seq -> BigInt,
    }
}

diesel::table! {
    spaces (id) {
        id -> Text,
        identifier -> Text,
        kind -> Text,
        entity_type -> Text,
        title -> Nullable<Text>,
        language -> Text,
        notification_email -> Text,
        notification_email_confirmed -> Bool,
        state -> Text,
        opened_with -> Text,
        private_owner -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        version -> BigInt,
        lock_seq -> BigInt,
        closed_at -> Nullable<Timestamp>,
        purge_at -> Nullable<Timestamp>,
        purge_reminded_at -> Nullable<Timestamp>,
        suspended_at -> Nullable<Timestamp>,
        suspension_reason -> Nullable<Text>,
    }
}

diesel::table! {
    stored_files (id) {
        id -> Text,
        state -> Text,
        since -> Timestamp,
        key_sealed -> Text,
        media_type -> Nullable<Text>,
        size -> Nullable<BigInt>,
        digest -> Nullable<Text>,
        scan -> Nullable<Text>,
        scan_due_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    system_users (id) {
        id -> Text,
        space_id -> Text,
        name -> Text,
        rights -> Text,
        ends_at -> Timestamp,
        approved_by -> Text,
        status -> Text,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    terms (version) {
        version -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    terms_acceptances (person_id, version) {
        person_id -> Text,
        version -> Text,
        product_id -> Text,
        accepted_at -> Timestamp,
    }
}

diesel::table! {
    terms_texts (version, language) {
        version -> Text,
        language -> Text,
        body -> Text,
    }
}

diesel::joinable!(access_codes -> administrations (administration));
diesel::joinable!(access_codes -> partners (issued_by_partner));
diesel::joinable!(access_codes -> persons (issued_by_person));
diesel::joinable!(access_codes -> services (service));
diesel::joinable!(activation_failures -> persons (person_id));
diesel::joinable!(activation_failures -> spaces (space_id));
diesel::joinable!(administrations -> catalogues (catalogue));
diesel::joinable!(attachments -> persons (person_id));
diesel::joinable!(attachments -> procedures (procedure_id));
diesel::joinable!(attachments -> stored_files (file_id));
diesel::joinable!(audit_entries -> audit_chains (chain));
diesel::joinable!(authentic_sources -> administrations (administration));
diesel::joinable!(authentic_sources -> catalogues (catalogue));
diesel::joinable!(authentic_sources -> sectors (theme));
diesel::joinable!(authentic_sources -> services (certification));
diesel::joinable!(awaiting_addresses -> persons (asked_by));
diesel::joinable!(certification_steps -> certifications (certification_id));
diesel::joinable!(certification_steps -> partners (partner_id));
diesel::joinable!(certification_steps -> persons (person_id));
diesel::joinable!(certifications -> administrations (administration));
diesel::joinable!(certifications -> persons (applicant_id));
diesel::joinable!(certifications -> services (service));
diesel::joinable!(certifications -> spaces (space_id));
diesel::joinable!(client_assertions -> clients (client_id));
diesel::joinable!(company_profiles -> spaces (space_id));
diesel::joinable!(invitations -> memberships (membership_id));
diesel::joinable!(invitations -> persons (inviter_id));
diesel::joinable!(invitations -> spaces (space_id));
diesel::joinable!(join_requests -> persons (person_id));
diesel::joinable!(join_requests -> products (product_id));
diesel::joinable!(limit_requests -> products (product_id));
diesel::joinable!(memberships -> persons (person_id));
diesel::joinable!(memberships -> products (product_id));
diesel::joinable!(memberships -> spaces (space_id));
diesel::joinable!(notification_preferences -> persons (person_id));
diesel::joinable!(partner_events -> administrations (administration));
diesel::joinable!(partner_feeds -> administrations (administration));
diesel::joinable!(partners -> administrations (administration));
diesel::joinable!(partners -> clients (id));
diesel::joinable!(procedure_signatures -> persons (person_id));
diesel::joinable!(procedure_signatures -> procedures (procedure_id));
diesel::joinable!(procedure_signatures -> products (product_id));
diesel::joinable!(procedure_steps -> clients (client_id));
diesel::joinable!(procedure_steps -> persons (person_id));
diesel::joinable!(procedure_steps -> procedures (procedure_id));
diesel::joinable!(procedure_type_versions -> administrations (administration));
diesel::joinable!(procedure_type_versions -> procedure_types (code));
diesel::joinable!(procedure_type_versions -> sectors (theme));
diesel::joinable!(procedure_type_versions -> services (certification));
diesel::joinable!(procedure_types -> catalogues (catalogue));
diesel::joinable!(procedures -> administrations (administration));
diesel::joinable!(procedures -> memberships (assignee_id));
diesel::joinable!(procedures -> spaces (space_id));
diesel::joinable!(products -> persons (person_id));
diesel::joinable!(recoveries -> products (product_id));
diesel::joinable!(recoveries -> spaces (space_id));
diesel::joinable!(recovery_memberships -> memberships (membership_id));
diesel::joinable!(recovery_memberships -> recoveries (recovery_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(sectors -> catalogues (catalogue));
diesel::joinable!(service_domains -> services (service));
diesel::joinable!(services -> administrations (administration));
diesel::joinable!(services -> catalogues (catalogue));
diesel::joinable!(services -> sectors (sector));
diesel::joinable!(sessions -> persons (person_id));
diesel::joinable!(sessions -> products (product_id));
diesel::joinable!(sessions -> spaces (current_space));
diesel::joinable!(source_records -> authentic_sources (source));
diesel::joinable!(source_verifications -> administrations (administration));
diesel::joinable!(source_verifications -> authentic_sources (source));
diesel::joinable!(source_verifications -> persons (person_id));
diesel::joinable!(source_verifications -> source_records (record_id));
diesel::joinable!(source_verifications -> spaces (space_id));
diesel::joinable!(spaces -> persons (private_owner));
diesel::joinable!(spaces -> products (opened_with));
diesel::joinable!(system_users -> clients (id));
diesel::joinable!(system_users -> persons (approved_by));
diesel::joinable!(system_users -> spaces (space_id));
diesel::joinable!(terms_acceptances -> persons (person_id));
diesel::joinable!(terms_acceptances -> products (product_id));
diesel::joinable!(terms_acceptances -> terms (version));
diesel::joinable!(terms_texts -> terms (version));

diesel::allow_tables_to_appear_in_same_query!(
    access_codes,
    activation_failures,
    administrations,
    assertion_uses,
    attachments,
    audit_chains,
    audit_entries,
    authentic_sources,
    awaiting_addresses,
    catalogues,
    certification_steps,
    certifications,
    client_assertions,
    clients,
    company_profiles,
    idempotency_keys,
    installation,
    invitations,
    join_requests,
    limit_requests,
    memberships,
    notification_preferences,
    outbox,
    partner_events,
    partner_feeds,
    partners,
    persons,
    procedure_signatures,
    procedure_steps,
    procedure_type_versions,
    procedure_types,
    procedures,
    products,
    recoveries,
    recovery_memberships,
    recurring_jobs,
    refresh_tokens,
    registrations,
    sectors,
    service_domains,
    services,
    sessions,
    source_records,
    source_verifications,
    spaces,
    stored_files,
    system_users,
    terms,
    terms_acceptances,
    terms_texts,
);
