// Made by `npm run types` from buildledger/api/openapi.json. Never edited by hand.

export interface paths {
    "/api/v1/home": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Home
         * @description What is broken, since when and whose; what runs, waits and was built last.
         */
        get: operations["read_home"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Builders
         * @description All builders by name: those configured, and those that only history knows.
         */
        get: operations["list_builders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builders/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Builder
         * @description All about one builder.
         */
        get: operations["read_builder"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builders/{name}/definition": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Builder Definition
         * @description The builder as the configuration in force defines it, written out.
         */
        get: operations["read_builder_definition"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builders/{name}/force": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Force Build
         * @description Request a build by hand. Answered when the request is durable.
         */
        post: operations["force_build"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Projects
         * @description All projects by name: those that the configuration describes, and those that builders name.
         */
        get: operations["list_projects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Project
         * @description One project.
         */
        get: operations["read_project"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Builds
         * @description Builds, newest first.
         */
        get: operations["list_builds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Build
         * @description All about one build.
         */
        get: operations["read_build"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builders/{name}/builds/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Build By Number
         * @description All about the build of a builder that has this number.
         */
        get: operations["read_build_by_number"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Steps
         * @description The steps of a build with their operations and logs.
         */
        get: operations["list_steps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}/blamelist": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Blamed
         * @description The commits since the nearest green ancestors, on whatever branch, of all the build's sources, newest first.
         */
        get: operations["list_blamed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop Build
         * @description Ask for the build's end; it ends when its worker has stopped what runs, and the steps have run that always run.
         *
         *     Asked again while such a step runs, it ends that one too, and runs no others.
         */
        post: operations["stop_build"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rebuild
         * @description Request the same build again, under the configuration in force.
         */
        post: operations["rebuild"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Artifacts
         * @description The artifacts of a build, also those that were removed.
         */
        get: operations["list_artifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{operation_id}/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Entries
         * @description An artifact and, of a directory, all that is in it.
         */
        get: operations["read_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{operation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Artifact
         * @description The file that a build stored, or the directory as a zip. Always a download: no page of this server shows
         *     what a build made.
         */
        get: operations["read_artifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{operation_id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read File
         * @description One file of a directory, as a download.
         */
        get: operations["read_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/builds/{build_id}/tests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tests
         * @description The tests of a build as its test reports have them: failed ones first, then skipped ones, then the others.
         */
        get: operations["list_tests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Changes
         * @description Commits, the last seen first.
         */
        get: operations["list_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes/{change_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Change
         * @description One commit with its files.
         */
        get: operations["read_change"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/changes/{change_id}/answers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain Change
         * @description Why a commit was built, or not: for each trigger that it may come to, and each builder of the trigger.
         */
        get: operations["explain_change"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Sources
         * @description All sources by name, with their branches.
         */
        get: operations["list_sources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{name}/pipelines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Pipelines
         * @description What the repository's own file defines on each branch, the branch that moved last first.
         */
        get: operations["list_pipelines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{name}/defined-builders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Defined Builders
         * @description The builders that the repository's own file defines on any branch, and those that it has ever defined.
         */
        get: operations["list_defined_builders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{name}/trigger-poll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trigger Poll
         * @description Poll a source now, because it has new commits. Meant for hooks: any body is accepted and ignored.
         *
         *     What is new is read from the repository, also by the first poll after a start, so a call that was answered can't be
         *     lost with the server.
         */
        post: operations["trigger_poll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{name}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Push Changes
         * @description Hand in commits that are new on a branch, and move it to the last of them.
         *
         *     They are durable when this is answered, and whatever they trigger will be built. Commits that are known decide
         *     nothing, so repeating is harmless.
         */
        post: operations["push_changes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/people": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List People
         * @description Names and addresses that commits and requests gave, the last seen first.
         */
        get: operations["list_people"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Requests
         * @description Requests. With `status=waiting` in the order of priority and age, else newest first.
         */
        get: operations["list_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Request
         * @description One request.
         */
        get: operations["read_request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{request_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Request
         * @description Take a waiting request out of the queue. A build that has it already is stopped by `/builds/{id}/stop`.
         */
        post: operations["cancel_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/requests/{request_id}/priority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prioritise Request
         * @description Give a waiting request another priority.
         */
        post: operations["prioritise_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Workers
         * @description Workers by name: those that are configured, and others that are connected or may still be back.
         */
        get: operations["list_workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Worker
         * @description One worker.
         */
        get: operations["read_worker"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause Worker
         * @description Assign nothing more to the worker; what runs on it goes on.
         */
        post: operations["pause_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume Worker
         * @description Assign builds to the worker again.
         */
        post: operations["resume_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{name}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke Worker
         * @description Void the worker's credentials for good, which ends its session. Its builds are tried again after its lease.
         */
        post: operations["revoke_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrollment-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Issue Enrollment
         * @description Make a one-use token with which a new worker gets its credential. Repeated by its key, it is the same token.
         */
        post: operations["issue_enrollment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/{log_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Log
         * @description What is known of a log, and how far it has grown by now.
         */
        get: operations["read_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/{log_id}/lines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Lines
         * @description Lines of a log, from any line on. While the log grows, the last page has no `next`: go on with `first`.
         */
        get: operations["read_lines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/{log_id}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search Log
         * @description Search the whole log, on the server. A search that takes long is answered in pages, which may have no hits.
         */
        get: operations["search_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/{log_id}/raw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Raw
         * @description The bytes as they were written; of a log that grows, those there are by now.
         */
        get: operations["read_raw"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/{log_id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream Log
         * @description How far the log has grown, whenever it has: `grown` events whose data is a LogExtent; ends with the log.
         */
        get: operations["stream_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Facts
         * @description Facts, filtered. A page may have fewer items than `limit` and still have a next one: follow `next` to the end.
         */
        get: operations["list_facts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/facts/{position}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Fact
         * @description One fact with its stored bytes, whose leaf hash anyone can compute again.
         */
        get: operations["read_fact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/positions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find Position
         * @description The last position that was recorded at or before a time: what to give as `as_of`.
         */
        get: operations["find_position"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tree-head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Tree Head
         * @description The signed root of the Merkle tree over all facts there are, or were a second ago.
         */
        get: operations["read_tree_head"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proofs/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prove Inclusion
         * @description Proof that a fact is in the tree of that size.
         */
        get: operations["prove_inclusion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proofs/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prove Consistency
         * @description Proof that the tree of the second size only appended to that of the first.
         */
        get: operations["prove_consistency"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream Facts
         * @description Facts as they happen: `fact` events whose id is the position and whose data is a Fact.
         *
         *     A fact is sent once every read shows it, so what is read because of an event is never older than the event. A
         *     `position` event, whose data is empty, only moves the place from which a client that comes back goes on.
         */
        get: operations["stream_facts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Config
         * @description The configuration in force.
         */
        get: operations["read_config"];
        put?: never;
        /**
         * Apply Config
         * @description Put a configuration in force, whole. `buildledger config apply` checks a file and sends it here.
         */
        post: operations["apply_config"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan Config
         * @description What a configuration would change if it were put in force; changes nothing.
         */
        post: operations["plan_config"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll Back
         * @description Put the content of an earlier revision in force again, as a new revision and by the same checks.
         */
        post: operations["roll_back"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Revisions
         * @description All revisions, newest first.
         */
        get: operations["list_revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config/revisions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Revision
         * @description One revision with all it says.
         */
        get: operations["read_revision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/config/revisions/{number}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Plan Revision
         * @description What going back to a revision would change, and what stands in its way.
         */
        get: operations["plan_revision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Health
         * @description Whether the server does its work: 200, or 503 when a part of it has stopped. Answered within some seconds.
         *
         *     Open to everybody; whoever is signed in is told the reasons, too.
         */
        get: operations["read_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ui-config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Ui Config
         * @description What the dashboard needs to know before anybody has signed in. Open to everybody.
         */
        get: operations["read_ui_config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Server
         * @description Which server this is.
         */
        get: operations["read_server"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Servers
         * @description The servers that share the ledger: which live, and which does what only one may do.
         */
        get: operations["list_servers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Session
         * @description Who is signed in.
         */
        get: operations["read_session"];
        put?: never;
        /**
         * Sign In
         * @description Sign in with the local admin token or a code of `buildledger sign-in`.
         *
         *     Sets a cookie that no script can read and no other site can use.
         */
        post: operations["sign_in"];
        /**
         * Sign Out
         * @description Sign out: the session is over for whoever has its cookie, and the cookie is deleted.
         */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Actor
         * @description Who asked for something: a person, a worker or a part of the server.
         */
        Actor: {
            /**
             * @description What asked: a person (`user`), a worker, or a part of the server.
             * @enum {unknown}
             */
            kind: "poller" | "reactor" | "system" | "user" | "worker";
            /**
             * @description The form in which facts name the actor.
             * @example reactor:triggering
             */
            id: string;
            /**
             * @description For people.
             * @example triggering
             */
            label: string;
        };
        /**
         * Artifact
         * @description A file or a directory that the server keeps, or kept.
         */
        Artifact: {
            /**
             * @description The name under which the build stored it.
             * @example widget-1.0.tar.gz
             */
            name: string;
            /**
             * @description A `directory` is served as a zip.
             * @enum {unknown}
             */
            kind: "directory" | "file";
            /**
             * @description By its name; never what it is served as.
             * @example application/gzip
             */
            type: string;
            /** @description Of a directory: all its files together. */
            size_bytes: number;
            /** @description How many files it has; 1 for a file. */
            file_count: number;
            /** @description Of the file, or of the directory's manifest. */
            sha256: string;
            /**
             * Format: uuid
             * @description The upload that brought it; names it in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            operation_id: string;
            /**
             * Format: date-time
             * @description When it was stored, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            stored_at: string;
            /** @description When it goes; null: not by its age. */
            expires_at: string | null;
            /** @description When it went; null: it is here. */
            removed_at: string | null;
            /**
             * @description `expired`: it was too old; `quota`: room was needed; null: it is here.
             * @example expired
             */
            removed_because: string | null;
        };
        /**
         * ArtifactDetail
         * @description An artifact, and of a directory all that is in it.
         */
        ArtifactDetail: {
            /** @description The artifact. */
            artifact: components["schemas"]["Artifact"];
            /**
             * Format: uuid
             * @description The build that stored it.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            build_id: string;
            /** @description In the order of their paths' bytes. */
            entries: components["schemas"]["ArtifactEntry"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ArtifactEntry
         * @description One thing in a directory.
         */
        ArtifactEntry: {
            /**
             * @description Where it is in the directory, with `/` between the parts.
             * @example dist/widget.whl
             */
            path: string;
            /**
             * @description What it is; links aren't followed.
             * @enum {unknown}
             */
            kind: "directory" | "file" | "link";
            /** @description Size of a file, in bytes; 0 for anything else. */
            size_bytes: number;
            /** @description Its owner may run it. */
            executable: boolean;
            /** @description SHA-256 of a file in hex; null for anything else. */
            sha256: string | null;
            /** @description What stands in a link. */
            target: string | null;
        };
        /**
         * ArtifactList
         * @description The artifacts of a build, in the order in which they were stored.
         */
        ArtifactList: {
            /** @description The artifacts, also those that were removed. */
            items: components["schemas"]["Artifact"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * Blame
         * @description What one source brought into a build since its nearest green ancestors.
         */
        Blame: {
            /**
             * @description The source's name.
             * @example widget
             */
            source: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /**
             * @description `none`: no ancestor was green, so nobody is blamed.
             * @enum {unknown}
             */
            baseline: "green" | "none";
            /** @description How many commits are blamed; `commits` may have fewer. */
            commit_count: number;
            /** @description There are more commits than are listed. */
            truncated: boolean;
            /** @description Newest first. */
            commits: components["schemas"]["Change"][];
            /** @description Authors and co-authors of the commits, each once. */
            authors: components["schemas"]["Person"][];
        };
        /**
         * Branch
         * @description Where a branch stands.
         */
        Branch: {
            /**
             * @description The branch's name.
             * @example main
             */
            name: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /** @description Its last move left commits behind. */
            forced: boolean;
            /**
             * Format: date-time
             * @description When its last move was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            moved_at: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BranchPipeline
         * @description What the file defines on one branch, at the revision where it is.
         */
        BranchPipeline: {
            /**
             * @description The branch's name.
             * @example main
             */
            branch: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /**
             * Format: uuid
             * @description The commit with this revision.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            change_id: string;
            /**
             * Format: date-time
             * @description When the branch moved there, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            moved_at: string;
            /** @description When the file came to this, in UTC; null: it wasn't read. */
            read_at: string | null;
            /** @description What came of it. */
            file: components["schemas"]["RevisionPipeline"];
            /** @description Those of the file; empty if it isn't `read`. */
            triggers: components["schemas"]["PipelineTrigger"][];
        };
        /**
         * BranchStatus
         * @description How a builder stands on one branch.
         */
        BranchStatus: {
            /**
             * @description Its name; of several sources, their branches one after the other.
             * @example main
             */
            branch: string;
            /**
             * @description Of its last build there that passed or failed; `unclear` if none did either.
             * @enum {unknown}
             */
            status: "broken" | "passing" | "unclear";
            /** @description The last one there that finished, whatever its result. */
            last_build: components["schemas"]["BuildRef"];
            /** @description Since when it is broken there; null: it isn't. */
            broken: components["schemas"]["Broken"] | null;
        };
        /**
         * Broken
         * @description Since when a builder has not succeeded.
         */
        Broken: {
            /** @description The first build that failed. */
            since: components["schemas"]["BuildRef"];
            /** @description How many builds have failed since, that one included. */
            failures: number;
            /**
             * Format: date-time
             * @description When that build ended, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            since_at: string;
        };
        /**
         * BrokenBuilder
         * @description A builder whose last build on a branch that passed or failed has failed.
         */
        BrokenBuilder: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            name: string;
            /** @description The branch; null: the builder's default branch isn't known, or it has none. */
            branch: string | null;
            /** @description The project it belongs to; null: none. */
            project: string | null;
            /** @description Since when, and how often it has failed. */
            broken: components["schemas"]["Broken"];
            /** @description Its last build on that branch that finished. */
            last_build: components["schemas"]["BuildRef"];
            /** @description One line on what failed in the first failing build. */
            summary: string;
            /** @description The first of them, newest first. */
            suspects: components["schemas"]["Suspect"][];
            /** @description How many commits are suspected; `suspects` has the first of them. */
            suspect_count: number;
            /** @description False: none of its ancestors was green, so nobody is suspected. */
            baseline: boolean;
        };
        /**
         * Build
         * @description A build as lists show it.
         */
        Build: {
            /**
             * Format: uuid
             * @description Names the build in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /**
             * @description Counts the builds of its builder.
             * @example 12
             */
            number: number;
            /**
             * @description Where it was assigned; newer builds have higher ones.
             * @example 4711
             */
            position: number;
            /**
             * @description `stopping`: somebody has asked for its end, and its worker hasn't stopped yet.
             * @enum {unknown}
             */
            status: "finished" | "running" | "stopping";
            /** @description How it ended; null while it runs. */
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /**
             * @description One line on how it ended; empty while it runs.
             * @example step pytest: exit code 1
             */
            summary: string;
            /**
             * @description Why it was requested.
             * @example change on main
             */
            reason: string;
            /** @description Who or what requested it. */
            requested_by: components["schemas"]["Actor"];
            /**
             * @description The worker it was assigned to.
             * @example linux-1
             */
            worker: string;
            /** @description Counts the builds of the same request: 1, and higher when it was tried again. */
            attempt: number;
            /** @description What is built, one entry for each source. */
            stamps: components["schemas"]["SourceStamp"][];
            /** @description How many commits caused it. */
            change_count: number;
            /** @description Only while it runs. */
            step: components["schemas"]["CurrentStep"] | null;
            /**
             * Format: date-time
             * @description When it was assigned to its worker, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            assigned_at: string;
            /** @description When it ended; null while it runs. */
            finished_at: string | null;
        };
        /**
         * BuildDetail
         * @description All about one build, in one answer.
         */
        BuildDetail: {
            /** @description The build as lists show it. */
            build: components["schemas"]["Build"];
            /** @description Values of the builder's inputs, by name. */
            inputs: Record<string, never>;
            /** @description The configuration it is built under. */
            config_revision: number | null;
            /** @description SHA-256 in hex. */
            config_digest: string;
            /** @description The request it was made for, then those collapsed into it. */
            requests: string[];
            /** @description The same builder's build before it. */
            previous: components["schemas"]["BuildRef"] | null;
            /** @description The same builder's build after it. */
            next: components["schemas"]["BuildRef"] | null;
            /** @description The build that this one repeats; null: none. */
            rebuild_of: string | null;
            /** @description The step that has generated its builder; null: it was configured. */
            generated_by: components["schemas"]["GeneratedBy"] | null;
            /** @description Its steps that have begun, in order. */
            steps: components["schemas"]["Step"][];
            /** @description Names of all steps in its configuration. */
            planned_steps: string[];
            /** @description What its steps have learnt, by name. */
            properties: components["schemas"]["Property"][];
            /** @description What it has stored, also what was removed since. */
            artifacts: components["schemas"]["Artifact"][];
            /** @description Null: no test report was read. */
            tests: components["schemas"]["TestSummary"] | null;
            /** @description The commits that caused it. */
            changes: components["schemas"]["Change"][];
            /** @description What came since the last green build of the same stream, one entry for each source. */
            blame: components["schemas"]["Blame"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BuildPage
         * @description Builds, newest first.
         */
        BuildPage: {
            /** @description The builds of this page. */
            items: components["schemas"]["Build"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BuildRef
         * @description A build, as briefly as it can be named.
         */
        BuildRef: {
            /**
             * Format: uuid
             * @description Names the build in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /**
             * @description Counts the builds of its builder.
             * @example 12
             */
            number: number;
            /** @description How it ended; null while it runs. */
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /**
             * Format: date-time
             * @description When it was assigned to its worker, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            assigned_at: string;
            /** @description When it ended; null while it runs. */
            finished_at: string | null;
        };
        /**
         * Builder
         * @description A builder as lists show it.
         */
        Builder: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            name: string;
            /**
             * @description The name without the matrix cell.
             * @example tests
             */
            base: string;
            /** @description The values that its cell of the matrix stands for, by their names; empty without a matrix. */
            matrix: {
                [key: string]: string | number | boolean;
            };
            /** @description The project it belongs to; null: none. */
            project: string | null;
            /** @description What it builds, as the configuration says; may be empty. */
            description: string;
            /** @description Words to find it by, as the configuration says. */
            tags: string[];
            /** @description Defined by the central configuration alone: no repository's own file can change it. */
            protected: boolean;
            /** @description False: only history speaks of it. */
            configured: boolean;
            /**
             * @description Of its last build on the default branch that passed or failed; `unclear` if none ever did either; `never_built` if there was none. Of any branch as long as the default branch isn't known.
             * @enum {unknown}
             */
            status: "broken" | "never_built" | "passing" | "unclear";
            /** @description The branch that `status` is about; null: not known, or it checks out nothing. */
            default_branch: string | null;
            /** @description Result of `last_build`; null before the first. */
            last_result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /** @description The last one that finished, whatever its result. */
            last_build: components["schemas"]["BuildRef"] | null;
            /** @description Since when it is broken on that branch; null: it isn't. */
            broken: components["schemas"]["Broken"] | null;
            /** @description How many builds it has had. */
            build_count: number;
            /** @description Builds that run. */
            running: components["schemas"]["BuildRef"][];
        };
        /**
         * BuilderCounts
         * @description How the configured builders stand, each on its default branch.
         */
        BuilderCounts: {
            /** @description All configured builders. */
            total: number;
            /** @description Those that passed when they last passed or failed there. */
            passing: number;
            /** @description Those that failed when they last passed or failed there. */
            broken: number;
            /** @description Those with builds there of which none passed or failed. */
            unclear: number;
            /** @description Those that have had no build there. */
            never_built: number;
        };
        /**
         * BuilderDefinition
         * @description What a builder is by the configuration in force.
         */
        BuilderDefinition: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /** @description YAML as a configuration file could have it: its template and the values of its matrix put in, all its settings said, also those that nobody set; of its steps what differs from the defaults, and their timeouts. */
            text: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BuilderDetail
         * @description All about one builder, in one answer.
         */
        BuilderDetail: {
            /** @description The builder as lists show it. */
            builder: components["schemas"]["Builder"];
            /** @description Defined by the central configuration alone: no repository's own file can change it. */
            protected: boolean;
            /** @description A build that runs for longer is stopped and fails; null: there is no limit. */
            timeout_seconds: number | null;
            /** @description Names of its steps, in order. */
            steps: string[];
            /** @description What it checks out, in the order of the configuration. */
            sources: components["schemas"]["BuilderSource"][];
            /** @description What a person may choose who starts a build, in the order of the configuration. */
            inputs: components["schemas"]["Input"][];
            /** @description Names of the locks that its builds hold. */
            locks: string[];
            /** @description Where the repository's file defines it; null: the central configuration does. */
            defined_by: components["schemas"]["BuilderOrigin"] | null;
            /** @description What asks for its builds, by name. */
            triggers: components["schemas"]["BuilderTrigger"][];
            /** @description Its first waiting requests. */
            waiting: components["schemas"]["Request"][];
            /** @description How many of its requests wait. */
            waiting_count: number;
            /** @description The branches that it has built, broken ones first, then those built last, up to a limit. */
            branches: components["schemas"]["BranchStatus"][];
            /** @description Its last builds, newest first; `/builds?builder=` has all. */
            recent: components["schemas"]["Build"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BuilderOrigin
         * @description Where a builder is defined that the file of a repository defines.
         */
        BuilderOrigin: {
            /**
             * @description The source's name.
             * @example widget
             */
            source: string;
            /** @description Of the file, in the repository; null: it may define nothing any more. */
            path: string | null;
            /** @description That define it, the one that moved last first, up to a limit. */
            branches: string[];
            /** @description How many there are. */
            branch_count: number;
            /** @description Whose steps, inputs and locks are answered: the default branch's, else those of the branch that moved last, else those that were seen last; null: none that may be built. */
            shown: components["schemas"]["DefinitionPlace"] | null;
            /** @description Where it was seen last; null: on no branch whose file counted. */
            last_seen: components["schemas"]["DefinitionPlace"] | null;
        };
        /**
         * BuilderPage
         * @description Builders, by name.
         */
        BuilderPage: {
            /** @description The builders of this page. */
            items: components["schemas"]["Builder"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BuilderSource
         * @description A source that the builder checks out.
         */
        BuilderSource: {
            /** @description The source's name. */
            name: string;
            /** @description What is built when nobody names a branch; null: not known. */
            default_branch: string | null;
            /** @description Branches that exist, to choose from. */
            branches: string[];
        };
        /**
         * BuilderTrigger
         * @description A trigger that asks for builds of the builder.
         */
        BuilderTrigger: {
            /**
             * @description The trigger's name.
             * @example change-widget
             */
            name: string;
            /**
             * @description Its kind: `change`, `manual`, `cron` or `success`.
             * @example change
             */
            on: string;
        };
        /**
         * Change
         * @description A commit. Its message and the people's words are null once they are erased, or were altered.
         */
        Change: {
            /**
             * Format: uuid
             * @description Names the commit in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /**
             * @description The source's name.
             * @example widget
             */
            source: string;
            /** @description Address of the repository it was found in. */
            repository: string;
            /**
             * @description The branch on which it was first seen.
             * @example main
             */
            branch: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /** @description Full hashes of its parents. */
            parents: string[];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description Who wrote it. */
            author: components["schemas"]["Person"];
            /** @description Who committed it. */
            committer: components["schemas"]["Person"];
            /** @description Those whom its message names as co-authors. */
            co_authors: components["schemas"]["Person"][];
            /**
             * @description The message's first line.
             * @example Fix the widget
             */
            subject: string | null;
            /** @description The whole message; null if it is `erased` or `altered`. */
            message: string | null;
            /** @description The message was there once and has been erased. */
            erased: boolean;
            /** @description What stands in the vault isn't the message that was recorded, so it isn't shown. */
            altered: boolean;
            /** @description How many paths it touched. */
            file_count: number;
            /** @description A page about it on its host; null: none is known. */
            link: string | null;
            /** @description It was there before the source was configured. */
            historic: boolean;
            /**
             * Format: date-time
             * @description As the commit says.
             * @example 2026-11-22T10:15:00Z
             */
            committed_at: string;
            /**
             * Format: date-time
             * @description When it was first seen, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            recorded_at: string;
        };
        /**
         * ChangeAnswers
         * @description Why a change was built, or not: an answer for each trigger that it may come to, and each of its builders.
         *
         *         Those are the triggers of its source, and the success triggers that follow their builders.
         */
        ChangeAnswers: {
            /**
             * Format: uuid
             * @description The change.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            change_id: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /** @description The configuration that was in force when it was seen; null: none that is readable. */
            config_revision: number | null;
            /** @description By trigger, builder and branch; empty: nothing watches. */
            answers: components["schemas"]["TriggerAnswer"][];
            /** @description The file of the revision; null: the repository may define nothing itself. */
            pipeline: components["schemas"]["RevisionPipeline"] | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ChangeDetail
         * @description A commit with its files.
         */
        ChangeDetail: {
            /** @description The commit. */
            change: components["schemas"]["Change"];
            /** @description Up to the number that is stored; see `file_count`. */
            files: components["schemas"]["ChangedFile"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ChangeList
         * @description Commits, all there are.
         */
        ChangeList: {
            /** @description The commits. */
            items: components["schemas"]["Change"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ChangePage
         * @description Commits, the last seen first.
         */
        ChangePage: {
            /** @description The commits of this page. */
            items: components["schemas"]["Change"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ChangedFile
         * @description One path that a commit touched.
         */
        ChangedFile: {
            /**
             * @description The path in the repository.
             * @example src/widget.py
             */
            path: string;
            /**
             * @description What happened to it: `added`, `modified` or `deleted`.
             * @example modified
             */
            kind: string;
        };
        /**
         * CommitBody
         * @description A commit that is handed in.
         */
        CommitBody: {
            /**
             * Revision
             * @description The commit's full hash.
             */
            revision: string;
            /**
             * Parents
             * @description Full hashes of its parents.
             */
            parents?: string[];
            /**
             * Author
             * @description Who wrote it: a name and an address.
             * @example Jane Doe <jane@example.org>
             */
            author: string;
            /**
             * Committed At
             * Format: date-time
             * @description When it was committed, with the offset from UTC.
             */
            committed_at: string;
            /**
             * Message
             * @description The whole message.
             */
            message: string;
            /**
             * Files
             * @description Paths that it touched.
             */
            files?: string[];
        };
        /**
         * ConfigBody
         * @description A resolved configuration, as `buildledger config apply` sends it.
         */
        ConfigBody: {
            /**
             * Text
             * @description The canonical JSON of the resolved configuration.
             */
            text: string;
            /**
             * Origin
             * @description The file it comes from.
             * @example /etc/buildledger/buildledger.yaml
             */
            origin: string;
            /**
             * Expected Revision
             * @description Refused unless this one is in force; 0: none is. Default: whatever is.
             */
            expected_revision?: number | null;
            /**
             * Message
             * @description Why, for the history.
             * @default
             * @example more memory
             */
            message: string;
        };
        /**
         * ConfigDetail
         * @description A revision with all it says; names of secrets, never their values.
         */
        ConfigDetail: {
            /** @description Which revision it is. */
            revision: components["schemas"]["ConfigRevision"];
            /** @description Resolved: templates and matrices are expanded. */
            configuration: Record<string, never>;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ConfigPlan
         * @description What would change if a configuration were put in force.
         */
        ConfigPlan: {
            /** @description The revision it is compared with, to give as `expected_revision`; 0: none is. */
            compared_with: number;
            /** @description Why it is compared as if nothing were in force; empty: it isn't. */
            note: string;
            /** @description The plan for people, a line each, fields indented below what they are of. */
            text: string[];
            /** @description What happens at once to requests that wait, builds that run, workers and sources. */
            effects: string[];
            /** @description Why it can't be put in force: secrets that the server can't have. Empty: it can. */
            hindrances: string[];
            /** @description The file that the server applies at its start and whenever it changes; null: there is none. */
            watched_file: string | null;
            /** @description Anything differs, or this is the first. */
            changes: boolean;
            /** @description All that differs, if it was asked for by `entries=true`. */
            entries: components["schemas"]["PlannedEntry"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ConfigRevision
         * @description A configuration that took effect.
         */
        ConfigRevision: {
            /** @description Counts the configurations that took effect, from 1. */
            revision: number;
            /** @description SHA-256 in hex. */
            digest: string;
            /**
             * @description The file it was read from.
             * @example buildledger.yaml
             */
            origin: string;
            /** @description What it created, changed and removed; the last line of a long plan says how many more. */
            plan: string[];
            /**
             * @description Why, in the words of whoever applied it.
             * @example more memory
             */
            message: string;
            /** @description The earlier revision whose content it has again; null: it came from a file. */
            restores: number | null;
            /** @description Who put it in force. */
            applied_by: components["schemas"]["Actor"];
            /**
             * Format: date-time
             * @description When it took effect, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            applied_at: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description It is in force. */
            active: boolean;
            /** @description Parts of the server that couldn't follow it. */
            failures: components["schemas"]["EffectFailure"][];
        };
        /**
         * ConfigRevisionPage
         * @description Revisions, newest first.
         */
        ConfigRevisionPage: {
            /** @description The revisions of this page. */
            items: components["schemas"]["ConfigRevision"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ConfigTextBody
         * @description A resolved configuration, as `buildledger config diff` sends it.
         */
        ConfigTextBody: {
            /**
             * Text
             * @description The canonical JSON of the resolved configuration.
             */
            text: string;
        };
        /**
         * ConsistencyProof
         * @description That a later tree only appended to an earlier one.
         */
        ConsistencyProof: {
            /** @description How many facts the earlier tree covers. */
            first_size: number;
            /** @description How many facts the later tree covers. */
            second_size: number;
            /** @description Root of the earlier tree, in hex. */
            first_root: string;
            /** @description Root of the later tree, in hex. */
            second_root: string;
            /** @description Hashes that lead from the earlier root to the later one (RFC 6962), in hex. */
            path: string[];
        };
        /**
         * CurrentStep
         * @description The step that runs.
         */
        CurrentStep: {
            /** @description Place among the steps of the build, from 0. */
            index: number;
            /** @description The step's name. */
            name: string;
            /** @description It began while the build was being stopped, as it always runs; another stop ends it. */
            after_stop: boolean;
            /**
             * Format: date-time
             * @description When it began, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            started_at: string;
            /** @description The lock that it waits for before it does anything; or null. */
            waiting: components["schemas"]["LockWait"] | null;
        };
        /**
         * DefinedBuilder
         * @description A builder that the file of a repository defines, or has defined.
         */
        DefinedBuilder: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            name: string;
            /** @description How many branches define it; 0: none does any more. */
            branch_count: number;
            /** @description Where it was seen last; null: on no branch whose file counted. */
            last_seen: components["schemas"]["DefinitionPlace"] | null;
        };
        /**
         * DefinedBuilderPage
         * @description Builders that the file of a repository defines or has defined, by name.
         */
        DefinedBuilderPage: {
            /** @description The builders of this page. */
            items: components["schemas"]["DefinedBuilder"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * DefinitionPlace
         * @description A revision whose file defines a builder, and the branch that had it.
         */
        DefinitionPlace: {
            /**
             * @description The branch's name.
             * @example main
             */
            branch: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /**
             * Format: uuid
             * @description The commit with this revision.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            change_id: string;
            /**
             * Format: date-time
             * @description Since when the branch was known to have it, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            at: string;
        };
        /**
         * EffectFailure
         * @description A component that could not follow the revision.
         */
        EffectFailure: {
            /** @description The part of the server. */
            component: string;
            /** @description What went wrong. */
            detail: string;
            /**
             * Format: date-time
             * @description When it failed, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            failed_at: string;
        };
        /**
         * EnrollmentBody
         * @description A one-use token for a new worker.
         */
        EnrollmentBody: {
            /**
             * Worker
             * @description The only name it may be used for; null: any that is configured.
             */
            worker?: string | null;
            /**
             * Life Seconds
             * @description For how long it may be used, in seconds.
             * @default 3600
             */
            life_seconds: number;
        };
        /**
         * EnrollmentReceipt
         * @description A one-use token for a new worker. It is shown this once.
         */
        EnrollmentReceipt: {
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description It had been done before; nothing happened again. */
            duplicate: boolean;
            /** @description Every read shows it already. */
            visible: boolean;
            /**
             * @description What the worker is started with.
             * @example ble_2b7e151628aed2a6abf7158809cf4f3c
             */
            token: string;
            /** @description The only name it may be used for; null: any that is configured. */
            worker: string | null;
            /**
             * Format: date-time
             * @description When the token ends, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            expires_at: string;
        };
        /**
         * Explanation
         * @description Why a request was cancelled, is answered by the build of another, or waits once more.
         */
        Explanation: {
            /**
             * @description `collapsed`: a newer request stands for it; `returned`: its build was lost, so it waits.
             * @enum {unknown}
             */
            code: "cancelled" | "collapsed" | "returned";
            /**
             * @description The reason, for people.
             * @example cancelled by hand
             */
            text: string;
            /** @description Who or what decided it. */
            by: components["schemas"]["Actor"];
            /**
             * Format: date-time
             * @description When it was decided, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            at: string;
        };
        /**
         * Fact
         * @description Something that happened.
         */
        Fact: {
            /**
             * @description Its place in the ledger, from 1.
             * @example 4711
             */
            position: number;
            /**
             * Format: uuid
             * @description The thing that it happened to: a build, a request, a worker, …
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            stream_id: string;
            /** @description Place in its own stream. */
            version: number;
            /**
             * @description What happened, with the version of its format.
             * @example build.finished.v1
             */
            name: string;
            /**
             * Format: date-time
             * @description When it was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            recorded_at: string;
            /** @description Who or what caused it. */
            actor: components["schemas"]["Actor"];
            /**
             * Format: uuid
             * @description The command that decided it.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            command_id: string;
            /** @description The fact or command that led to that command; null: none. */
            causation_id: string | null;
            /** @description Shared by everything that one request led to; null: it belongs to nothing larger. */
            correlation_id: string | null;
            /**
             * @description The fact itself; its fields depend on its name.
             * @example {
             *       "result": "success"
             *     }
             */
            data: Record<string, never>;
            /** @description Fields of `data` that are empty in lists and streams because they have more than 65,536 characters, as a large configuration has: `GET /facts/{position}` has them. */
            left_out: string[];
        };
        /**
         * FactDetail
         * @description A fact with the bytes that are hashed.
         */
        FactDetail: {
            /** @description The fact. */
            fact: components["schemas"]["Fact"];
            /** @description The stored bytes, as text: exactly what the leaf hash covers. */
            stored: string;
            /** @description RFC 6962 leaf hash in hex. */
            leaf_hash: string;
            /**
             * @description The ledger's head.
             * @example 4711
             */
            position: number;
        };
        /**
         * FactPage
         * @description Facts in the order of the ledger, or backwards.
         */
        FactPage: {
            /** @description The facts of this page. */
            items: components["schemas"]["Fact"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description The ledger's head.
             * @example 4711
             */
            position: number;
        };
        /**
         * ForceBody
         * @description What a build that is started by hand is to build.
         */
        ForceBody: {
            /**
             * Branch
             * @description Of the builder's first source.
             * @example main
             */
            branch?: string | null;
            /**
             * Revision
             * @description Of the builder's first source: a whole or shortened hash, a tag or a branch.
             */
            revision?: string | null;
            /**
             * Sources
             * @description For builders with several sources.
             */
            sources?: {
                [key: string]: components["schemas"]["StampBody"];
            };
            /**
             * Reason
             * @description For people.
             * @default
             * @example does it still work?
             */
            reason: string;
            /**
             * Priority
             * @description Higher is sooner.
             */
            priority?: number | null;
            /**
             * Inputs
             * @description Values of the builder's inputs, by name.
             */
            inputs?: {
                [key: string]: boolean | number | string | string[];
            };
        };
        /**
         * Generated
         * @description What a step has generated.
         */
        Generated: {
            /** @description Matrices expanded, in the order of the text; empty if anything is wrong with it. */
            builders: components["schemas"]["GeneratedBuilder"][];
            /** @description What is wrong with it, or warned of, in the order of the text. */
            problems: components["schemas"]["PipelineProblem"][];
        };
        /**
         * GeneratedBuilder
         * @description A builder that a step has generated.
         */
        GeneratedBuilder: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /** @description The request for its build; null: its `when` didn't hold. */
            request: string | null;
            /** @description The build that has or answered the request; null: none yet. */
            build: components["schemas"]["BuildRef"] | null;
        };
        /**
         * GeneratedBy
         * @description The step that has generated a build's builder.
         */
        GeneratedBy: {
            /** @description The build whose step it was. */
            build: components["schemas"]["BuildRef"];
            /** @description The step's place in that build, from 0. */
            step: number;
            /**
             * @description The step's name.
             * @example plan
             */
            step_name: string;
        };
        /**
         * Health
         * @description Whether the server does its work.
         */
        Health: {
            /**
             * @description `failing` is answered with 503.
             * @enum {unknown}
             */
            status: "degraded" | "failing" | "ok";
            /**
             * @description The ledger's head.
             * @example 4711
             */
            position: number;
            /** @description Everything that follows the ledger. */
            readers: components["schemas"]["ReaderHealth"][];
            /** @description What is wrong, a line each. */
            problems: string[];
        };
        /**
         * Home
         * @description What is broken, since when and whose; what runs, waits and was built last.
         */
        Home: {
            /** @description Builders broken on their default branches, the longest first. */
            broken: components["schemas"]["BrokenBuilder"][];
            /** @description How many builders are broken; `broken` has the first of them. */
            broken_count: number;
            /** @description On other branches than the default one; broken the longest first. */
            broken_elsewhere: components["schemas"]["BrokenBuilder"][];
            /** @description How many branches of builders are; `broken_elsewhere` has the first of them. */
            broken_elsewhere_count: number;
            /** @description The builds that run, newest first, up to a limit. */
            running: components["schemas"]["Build"][];
            /** @description How many builds run. */
            running_count: number;
            /** @description The last that finished. */
            recent: components["schemas"]["Build"][];
            /** @description The requests that wait. */
            queue: components["schemas"]["QueueSummary"];
            /** @description How the configured builders stand. */
            builders: components["schemas"]["BuilderCounts"];
            /** @description How the configured workers stand. */
            workers: components["schemas"]["WorkerCounts"];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * InclusionProof
         * @description That a fact is in a tree.
         */
        InclusionProof: {
            /**
             * @description The fact that is proven to be in the tree.
             * @example 4711
             */
            position: number;
            /** @description How many facts the tree covers. */
            tree_size: number;
            /** @description RFC 6962 leaf hash of the fact, in hex. */
            leaf_hash: string;
            /** @description Hashes from the leaf to the root, in hex. */
            path: string[];
            /** @description Root of the tree, in hex. */
            root: string;
        };
        /**
         * Input
         * @description A value that a person gives, or may give, who starts a build.
         */
        Input: {
            /**
             * @description The input's name.
             * @example version
             */
            name: string;
            /**
             * @description What kind of value it takes.
             * @enum {unknown}
             */
            type: "boolean" | "integer" | "list" | "string";
            /** @description What it is for, as the configuration says; may be empty. */
            description: string;
            /** @description A value has to be given, since there is no default. */
            required: boolean;
            /** @description The value when none is given; null: one has to be given. */
            default: string | number | boolean | string[] | null;
            /** @description The values it may have; empty: any. */
            enum: (string | number)[];
            /** @description RE2 expression that a text has to match. */
            pattern: string | null;
        };
        /**
         * Limits
         * @description What one request may ask for.
         */
        Limits: {
            /** @description Items in a page of most lists. */
            page_max: number;
            /** @description Items in a page of builders. */
            builders_page_max: number;
            /** @description Lines in a page of a log. */
            log_lines_max: number;
            /** @description Hits in a page of a search in a log. */
            log_search_hits_max: number;
        };
        /**
         * LockHolder
         * @description A build that holds a lock, until it or its running step ends.
         */
        LockHolder: {
            /**
             * Format: uuid
             * @description Names the build in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            build_id: string;
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /**
             * @description Counts the builds of its builder.
             * @example 12
             */
            number: number;
        };
        /**
         * LockWait
         * @description What a step waits for that hasn't got its locks yet.
         */
        LockWait: {
            /**
             * @description What it waits for, for people.
             * @example waits for lock database, held by tests #12
             */
            text: string;
            /**
             * @description The first lock that it can't have for the moment.
             * @example database
             */
            lock: string;
            /** @description The builds that hold something of the lock, at the most 20. */
            held_by: components["schemas"]["LockHolder"][];
            /**
             * Format: date-time
             * @description When it began to wait, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            since: string;
        };
        /**
         * Log
         * @description What an operation wrote to one channel. Size, lines and digest are known when it is finished.
         */
        Log: {
            /**
             * Format: uuid
             * @description Names the log in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /**
             * Format: uuid
             * @description The build it belongs to.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            build_id: string;
            /** @description The step's place in the build, from 0. */
            step: number;
            /**
             * Format: uuid
             * @description The operation that wrote it.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            operation_id: string;
            /**
             * @description Which of the operation's outputs it is.
             * @example stdio
             */
            channel: string;
            /** @description What the operation does, for people. */
            label: string;
            /** @description It never grows again. */
            finished: boolean;
            /** @description Its size in bytes; null until it is finished. */
            size_bytes: number | null;
            /** @description How many lines it has; null until it is finished. */
            line_count: number | null;
            /** @description SHA-256 of its bytes in hex; null until it is finished. */
            sha256: string | null;
            /** @description The limit of its size was reached, and what was written beyond it is lost. */
            truncated: boolean;
            /**
             * Format: date-time
             * @description When it was opened, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            opened_at: string;
            /** @description When it was finished; null while it may grow. */
            finished_at: string | null;
        };
        /**
         * LogDetail
         * @description A log, and how much of it can be read at this moment.
         */
        LogDetail: {
            /** @description What the ledger knows of it. */
            log: components["schemas"]["Log"];
            /** @description How far it has grown by now. */
            extent: components["schemas"]["LogExtent"];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * LogExtent
         * @description How far a log has grown.
         */
        LogExtent: {
            /** @description Bytes there are. */
            size_bytes: number;
            /** @description Lines there are. */
            line_count: number;
            /** @description It never grows again. */
            finished: boolean;
        };
        /**
         * LogHit
         * @description The first match in a line. `start` and `end` count characters of `text`.
         */
        LogHit: {
            /** @description Number of the line, from 0. */
            line: number;
            /** @description The line, or the part around the match when the line is long. */
            text: string;
            /** @description Where the match begins, in characters of `text`. */
            start: number;
            /** @description Where the match ends, in characters of `text`. */
            end: number;
        };
        /**
         * LogLines
         * @description Lines in a row. Bytes that aren't UTF-8 are replaced; escape sequences are kept.
         */
        LogLines: {
            /**
             * Format: uuid
             * @description The log that the lines are of.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            log_id: string;
            /** @description Number of the first of them; lines count from 0. */
            first: number;
            /** @description The lines, without their newlines. */
            items: string[];
            /** @description The limit of bytes ended the answer; the last line may be incomplete. */
            cut: boolean;
            /** @description How far the log has grown by now. */
            extent: components["schemas"]["LogExtent"];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * LogSearch
         * @description Matches in the order of lines.
         */
        LogSearch: {
            /**
             * Format: uuid
             * @description The log that was searched.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            log_id: string;
            /** @description The hits of this page; there may be none though there is a next page. */
            items: components["schemas"]["LogHit"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * Machine
         * @description The machine of a worker that the server starts when there is work for it.
         */
        Machine: {
            /**
             * @description How it is started.
             * @example local
             * @example ssh
             * @example kubernetes
             */
            driver: string;
            /**
             * @description `away`: it runs, and its worker was connected and isn't at the moment.
             * @enum {unknown}
             */
            state: "away" | "busy" | "idle" | "quarantined" | "starting" | "stopped" | "stopping";
            /** @description Counts the worker's machines; 0: there was none. */
            start: number;
            /**
             * @description Where it runs, or ran last.
             * @example process 4711
             */
            place: string;
            /**
             * @description Why it is in this state.
             * @example a build of tests waits
             */
            reason: string;
            /** @description In a row; three or more need a person. */
            failures: number;
            /** @description It isn't started again before. */
            quarantined_until: string | null;
        };
        /**
         * Operation
         * @description One thing done on a worker.
         */
        Operation: {
            /**
             * Format: uuid
             * @description Names the operation; its logs and artifacts refer to it.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /** @description The step's place in the build, from 0. */
            step: number;
            /**
             * @description What it does, for people.
             * @example git fetch
             */
            label: string;
            /**
             * @description What is asked of the worker: `run` a command, `upload`, `download`, `remove`, …
             * @example run
             */
            kind: string;
            /**
             * @description The argv as one line, or the path it works on.
             * @example pytest -q
             */
            command: string;
            /**
             * @description `requested`: its worker hasn't begun yet.
             * @enum {unknown}
             */
            status: "finished" | "requested" | "started";
            /** @description `exited`, `signalled`, `no_output`, …; null while it runs. */
            ended: string | null;
            /** @description Exit code of the command; null: it runs, was ended by a signal, or is no command. */
            exit_code: number | null;
            /** @description Number of the signal that ended the command; null: none did. */
            signal: number | null;
            /** @description More on how it ended; may be empty. */
            detail: string;
            /** @description How long it took on the worker, in seconds; null until it has ended. */
            duration_seconds: number | null;
            /**
             * Format: date-time
             * @description When it was asked for, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            requested_at: string;
            /** @description When its worker began; null before. */
            started_at: string | null;
            /** @description When it ended; null before. */
            finished_at: string | null;
            /** @description What it has written, one log for each channel. */
            logs: components["schemas"]["Log"][];
        };
        /**
         * Outage
         * @description Why a source can't be read.
         */
        Outage: {
            /**
             * @description What kind of failure it is.
             * @example auth
             */
            cause: string;
            /** @description What went wrong, for people. */
            detail: string;
            /**
             * Format: date-time
             * @description Since when, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            since: string;
        };
        /**
         * Person
         * @description Somebody as a claim names them; words that were erased or altered are null.
         */
        Person: {
            /**
             * Format: uuid
             * @description Names the claim: the same name and address always have the same.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            claim_id: string;
            /** @description `git.author`, `email`, `local`, …; empty if the claim isn't known yet. */
            kind: string;
            /**
             * @description The claim as it was written.
             * @example Jane Doe <jane@example.org>
             */
            text: string | null;
            /**
             * @description The part of it that is a name.
             * @example Jane Doe
             */
            name: string | null;
            /** @description The words were there once and have been erased. */
            erased: boolean;
            /** @description What stands in the vault isn't what was recorded, so it isn't shown. */
            altered: boolean;
        };
        /**
         * PersonPage
         * @description Claims about people, the last seen first.
         */
        PersonPage: {
            /** @description The claims of this page. */
            items: components["schemas"]["Person"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * PipelineCounts
         * @description How many branches there are of each outcome.
         */
        PipelineCounts: {
            /** @description That are built by their file. */
            read: number;
            /** @description Whose file is refused. */
            rejected: number;
            /** @description That have no file. */
            missing: number;
            /** @description Whose file isn't read yet. */
            unread: number;
            /** @description Whose files don't count. */
            excluded: number;
        };
        /**
         * PipelineGrants
         * @description What the central configuration lets the file of a repository define: its `repo_pipelines`.
         */
        PipelineGrants: {
            /**
             * @description Of the file, in the repository.
             * @example .buildledger.yaml
             */
            path: string;
            /**
             * @description Patterns of the branches whose files count.
             * @example [
             *       "**"
             *     ]
             */
            branches: string[];
            /**
             * @description Sections, and keys of builders.
             * @example [
             *       "builders"
             *     ]
             */
            may_define: string[];
            /**
             * @description Whose file counts for a build by hand.
             * @enum {unknown}
             */
            config_from: "base" | "head";
            /** @description Names of secrets that its builders may use. */
            secrets: string[];
            /** @description Locks that they may take. */
            locks: string[];
            /** @description Sources that they may check out, besides their own. */
            sources: string[];
            /** @description CEL: the workers that they are held to; null: any. */
            worker: string | null;
            /** @description What they belong to; null: no project. */
            project: string | null;
            /** @description How many the file may define, matrices expanded. */
            max_builders: number;
            /** @description How many steps each may have. */
            max_steps: number;
        };
        /**
         * PipelineProblem
         * @description Something that is wrong with the file.
         */
        PipelineProblem: {
            /** @description From 1; 0: it is the file as a whole. */
            line: number;
            /** @description From 1. */
            column: number;
            /**
             * @description One of the configuration's codes.
             * @example grant
             */
            code: string;
            /**
             * @description A warning alone refuses nothing.
             * @enum {unknown}
             */
            severity: "error" | "warning";
            /** @description All of it, with its place, for people. */
            text: string;
        };
        /**
         * PipelineTrigger
         * @description A trigger of the file; of one without triggers that which builds every push.
         */
        PipelineTrigger: {
            /**
             * @description With the source's name in front.
             * @example widget:change
             */
            name: string;
            /**
             * @description What it waits for, for people.
             * @example a push to main
             */
            text: string;
            /** @description What it builds. */
            build: string[];
        };
        /**
         * PlannedEntry
         * @description One thing of the configuration that would be created, changed or removed.
         */
        PlannedEntry: {
            /**
             * @description What would happen to it.
             * @enum {unknown}
             */
            action: "changed" | "created" | "removed";
            /** @description What it is; a section of the file, such as `server`, is its own kind. */
            kind: string;
            /**
             * @description Its name.
             * @example tests[3.12,linux]
             */
            name: string;
            /** @description Of a cell of a matrix: the builder's name in the file. */
            base: string | null;
            /** @description What changes of it; empty unless it is `changed`. */
            fields: components["schemas"]["PlannedField"][];
        };
        /**
         * PlannedField
         * @description A field, or an element of a list, that differs.
         */
        PlannedField: {
            /**
             * @description For people.
             * @example steps["make test"].argv[2]
             */
            path: string;
            /**
             * @description `moved`: it stands elsewhere in its list; what else changed of it is told apart.
             * @enum {unknown}
             */
            action: "added" | "changed" | "moved" | "removed";
            /**
             * @description As JSON; null: it wasn't there, or moved.
             * @example "-q"
             */
            old: string | null;
            /** @description As JSON; null: it isn't there any more, or moved. */
            new: string | null;
            /** @description The keys and indexes that led to it; null: it wasn't there. */
            old_at: (string | number)[] | null;
            /** @description Those that lead to it; null: it isn't there any more. */
            new_at: (string | number)[] | null;
        };
        /**
         * PositionAt
         * @description The last position that was recorded at or before a time.
         */
        PositionAt: {
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description When the fact at that position was recorded; null: there is none before that time. */
            recorded_at: string | null;
        };
        /**
         * PriorityBody
         * @description A request's new priority.
         */
        PriorityBody: {
            /**
             * Priority
             * @description Higher is sooner.
             * @example 10
             */
            priority: number;
        };
        /**
         * Problem
         * @description Why a request was not answered as asked (RFC 9457).
         */
        Problem: {
            /**
             * @description Names the kind of problem: the code as a URN.
             * @example urn:buildledger:problem:build_finished
             */
            type: string;
            /** @description What kind of problem it is, for people. */
            title: string;
            /** @description The HTTP status of the answer. */
            status: number;
            /** @description What is wrong with this request, for people. */
            detail: string;
            /**
             * @description Stable; `docs/errors.md` explains it.
             * @example build_finished
             */
            code: string;
            /** @description The path that was asked for. */
            instance: string;
            /** @description For invalid input: where, and what is wrong. */
            errors: Record<string, never>[];
        };
        /**
         * Project
         * @description What builders belong to, for people.
         */
        Project: {
            /**
             * @description Its name in the configuration.
             * @example widget
             */
            name: string;
            /** @description What it is called: as the configuration says, else its name. */
            title: string;
            /** @description What it is, as the configuration says; may be empty. */
            description: string;
            /** @description Where more of it is to be found; null: not known. */
            url: string | null;
            /** @description How many configured builders belong to it, cells counted singly. */
            builder_count: number;
            /** @description How many of those are broken on their default branch. */
            broken_count: number;
        };
        /**
         * ProjectDetail
         * @description One project; `/builders?project=` has its builders.
         */
        ProjectDetail: {
            /** @description The project as lists show it. */
            project: components["schemas"]["Project"];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ProjectList
         * @description All projects, by name: those that the configuration describes, and those that builders name.
         */
        ProjectList: {
            /** @description The projects. */
            items: components["schemas"]["Project"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * Property
         * @description A value that the build learnt.
         */
        Property: {
            /** @description The property's name. */
            name: string;
            /** @description Any JSON value. */
            value: unknown;
            /** @description The step that set it. */
            origin: string;
        };
        /**
         * PushBody
         * @description Commits that are new on a branch, oldest first; the last becomes its head.
         */
        PushBody: {
            /**
             * Branch
             * @description The branch that has moved.
             * @example main
             */
            branch: string;
            /**
             * Commits
             * @description The commits, oldest first.
             */
            commits: components["schemas"]["CommitBody"][];
        };
        /**
         * QueueSummary
         * @description What waits.
         */
        QueueSummary: {
            /** @description How many requests wait. */
            waiting: number;
            /** @description When the request that has waited for the longest was submitted; null: none waits. */
            oldest_at: string | null;
            /** @description The next in line. */
            first: components["schemas"]["Request"][];
        };
        /**
         * ReaderHealth
         * @description How far a reader of the ledger has come.
         */
        ReaderHealth: {
            /**
             * @description Which part of the server it is.
             * @example status
             */
            name: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description Facts it has not read yet. */
            lag: number;
            /**
             * @description `stopped`: it reads nothing more; `error` says why.
             * @enum {unknown}
             */
            status: "following" | "stopped";
            /** @description Why it stopped. */
            error: string | null;
        };
        /**
         * ReasonBody
         * @description The body of a command that takes only a reason.
         */
        ReasonBody: {
            /**
             * Reason
             * @description Why, for people.
             * @default
             * @example made a mistake
             */
            reason: string;
        };
        /**
         * RebuildBody
         * @description How a build is to be repeated.
         */
        RebuildBody: {
            /**
             * Reason
             * @description Why, for people.
             * @default
             * @example flaky?
             */
            reason: string;
            /**
             * Priority
             * @description Higher is sooner. Default: the builder's.
             */
            priority?: number | null;
            /**
             * Obtained
             * @description The very revisions it got; false: what was asked for then.
             * @default true
             */
            obtained: boolean;
        };
        /**
         * Receipt
         * @description The command is durable.
         */
        Receipt: {
            /**
             * @description Of its last fact; read `as_of` it, or later.
             * @example 4711
             */
            position: number;
            /** @description It had been done before; nothing happened again. */
            duplicate: boolean;
            /** @description Every read shows it already. */
            visible: boolean;
        };
        /**
         * Request
         * @description A request for a build.
         */
        Request: {
            /**
             * Format: uuid
             * @description Names the request in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /**
             * @description `claimed`: a build has it; `collapsed`: another request stands for it too.
             * @enum {unknown}
             */
            status: "claimed" | "collapsed" | "finished" | "waiting";
            /** @description Why it waits; null when it doesn't. */
            waiting: components["schemas"]["Waiting"] | null;
            /** @description Higher is sooner. */
            priority: number;
            /**
             * @description Why it was made.
             * @example change on main
             */
            reason: string;
            /**
             * @description The trigger that made it, or that allows it; null: none.
             * @example change-widget
             */
            trigger: string | null;
            /** @description Who or what made it. */
            requested_by: components["schemas"]["Actor"];
            /** @description What is to be built, one entry for each source. */
            stamps: components["schemas"]["SourceStamp"][];
            /** @description The commits that caused it. */
            change_ids: string[];
            /** @description Values of the builder's inputs, by name. */
            inputs: Record<string, never>;
            /** @description How many builds it has had so far. */
            attempts: number;
            /** @description The build that has or answered it. */
            build_id: string | null;
            /** @description The request that stands for it too; null: none. */
            collapsed_into: string | null;
            /** @description The build that it asks to repeat; null: none. */
            rebuild_of: string | null;
            /** @description The build whose success or step made it; null: none. */
            parent_build: string | null;
            /** @description The step of that build that generated the builder, from 0; null: none did. */
            parent_step: number | null;
            /** @description How it ended; null before. */
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /**
             * Format: date-time
             * @description When it was made, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            submitted_at: string;
            /** @description When it ended; null before. */
            finished_at: string | null;
            /** @description Why it has no build of its own, or not yet again; null: it wasn't taken out of turn. */
            explanation: components["schemas"]["Explanation"] | null;
        };
        /**
         * RequestDetail
         * @description One request.
         */
        RequestDetail: {
            /** @description The request. */
            request: components["schemas"]["Request"];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * RequestPage
         * @description Requests: those that wait in the order of priority and age, all others newest first.
         */
        RequestPage: {
            /** @description The requests of this page. */
            items: components["schemas"]["Request"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * RequestReceipt
         * @description A build is requested, durably.
         */
        RequestReceipt: {
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description It had been done before; nothing happened again. */
            duplicate: boolean;
            /** @description Every read shows it already. */
            visible: boolean;
            /**
             * Format: uuid
             * @description The request that was made.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            request_id: string;
        };
        /**
         * RevisionPipeline
         * @description What came of the file of a revision.
         */
        RevisionPipeline: {
            /**
             * @description Of the file, in the repository.
             * @example .buildledger.yaml
             */
            path: string;
            /**
             * @description `read`: it is built by; `rejected`: something is wrong with it, see `problems`; `missing`: there is no such file; `unread`: nobody has looked (yet), as only heads of branches are read; `excluded`: it isn't read, for the files of its branches don't count.
             * @enum {unknown}
             */
            outcome: "excluded" | "missing" | "read" | "rejected" | "unread";
            /** @description The outcome, for people. */
            text: string;
            /** @description What it defines, matrices expanded; empty if not `read`. */
            builders: string[];
            /** @description In the order of the file; empty if not `rejected`. */
            problems: components["schemas"]["PipelineProblem"][];
        };
        /**
         * RollbackBody
         * @description Which earlier configuration to put in force again.
         */
        RollbackBody: {
            /**
             * Revision
             * @description Its number.
             * @example 7
             */
            revision: number;
            /**
             * Expected Revision
             * @description Refused unless this one is in force. Default: whatever is.
             */
            expected_revision?: number | null;
            /**
             * Message
             * @description Why, for the history.
             * @default
             * @example the new image has no git
             */
            message: string;
        };
        /**
         * ServerEntry
         * @description A server process of this installation.
         */
        ServerEntry: {
            /**
             * Format: uuid
             * @description The process; another start has another one.
             */
            id: string;
            /**
             * @description The name of its machine.
             * @example ci-1
             */
            host: string;
            /**
             * @description What it may do.
             * @example [
             *       "api",
             *       "gateway",
             *       "reactors"
             *     ]
             */
            roles: string[];
            /**
             * @description What it does for all servers at the moment.
             * @example [
             *       "reactors",
             *       "pollers"
             *     ]
             */
            leads: string[];
            /** @description False: it gives no sign of life, or was held for dead. */
            alive: boolean;
            /** @description When it began to serve; null: not known, or it is dead. */
            since: string | null;
            /** @description When it began to lead what it leads; null: nothing, or not known. */
            leads_since: string | null;
            /** @description When it was held for dead; null: it wasn't. It is listed for a day, or until it is back. */
            lost_at: string | null;
            /** @description It is the one that answers this request. */
            answered: boolean;
        };
        /**
         * ServerInfo
         * @description Which server this is.
         */
        ServerInfo: {
            /**
             * @description The version of Build Ledger.
             * @example 0.1.0
             */
            version: string;
            /** @description The public key that tree heads are signed with: `name+id+base64`. */
            head_key: string;
            /** @description To this process. */
            connected_workers: number;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * ServerList
         * @description The server processes that share the ledger.
         */
        ServerList: {
            /** @description The one that answers first, the others by age, then those that died. */
            items: components["schemas"]["ServerEntry"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * Session
         * @description Who is signed in.
         */
        Session: {
            /** @description A valid token or cookie was shown. */
            signed_in: boolean;
            /** @description Who that is; null: nobody. */
            actor: components["schemas"]["Actor"] | null;
            /** @description When the cookie ends; null: the token itself was shown, or nothing. */
            expires_at: string | null;
        };
        /**
         * SessionBody
         * @description What somebody signs in with.
         */
        SessionBody: {
            /**
             * Token
             * @description The local admin token, which stands in the server's state directory, or a code of `buildledger sign-in`, which is good once.
             */
            token: string;
        };
        /**
         * Source
         * @description A repository.
         */
        Source: {
            /**
             * @description The source's name.
             * @example widget
             */
            name: string;
            /** @description False: only history speaks of it. */
            configured: boolean;
            /** @description The version-control system; null: only history speaks of the source. */
            kind: "git" | null;
            /** @description The repository's address; null: only history speaks of the source. */
            url: string | null;
            /** @description What is built when nobody names a branch: as the configuration says, else where the repository's HEAD points; null: neither is known. */
            default_branch: string | null;
            /**
             * @description The file in which its repository says itself what is built; null: it may define nothing.
             * @example .buildledger.yaml
             */
            pipeline_path: string | null;
            /** @description Why it can't be read at the moment; null: it can. */
            outage: components["schemas"]["Outage"] | null;
            /** @description The branches that exist, by name. */
            branches: components["schemas"]["Branch"][];
        };
        /**
         * SourceList
         * @description All sources, by name.
         */
        SourceList: {
            /** @description The sources. */
            items: components["schemas"]["Source"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * SourcePipelines
         * @description What the file of a repository defines, branch by branch, the one that moved last first.
         */
        SourcePipelines: {
            /**
             * @description The source's name.
             * @example widget
             */
            source: string;
            /** @description Null: the repository may define nothing itself. */
            granted: components["schemas"]["PipelineGrants"] | null;
            /** @description Of all its branches. */
            counts: components["schemas"]["PipelineCounts"];
            /** @description The branches of this page; none without grants. */
            items: components["schemas"]["BranchPipeline"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * SourceStamp
         * @description What of one source is built.
         */
        SourceStamp: {
            /**
             * @description The source's name.
             * @example widget
             */
            source: string;
            /** @description The repository's address. */
            repository: string;
            /**
             * @description The branch's name.
             * @example main
             */
            branch: string;
            /** @description What was asked for; null: whatever the branch held. */
            revision: string | null;
            /** @description What the checkout really got; null before it. */
            obtained: string | null;
        };
        /**
         * StampBody
         * @description Which branch or revision of one source to build.
         */
        StampBody: {
            /**
             * Branch
             * @description Default: the source's default branch.
             */
            branch?: string | null;
            /**
             * Revision
             * @description A whole or shortened hash, a tag or a branch; stored as the whole hash. Default: whatever the branch holds when the build starts.
             */
            revision?: string | null;
        };
        /**
         * Step
         * @description One step of a build.
         */
        Step: {
            /** @description Place among the steps of the build, from 0. */
            index: number;
            /**
             * @description The step's name.
             * @example pytest
             */
            name: string;
            /**
             * @description The kind of step, as the configuration names it.
             * @example run
             */
            program: string;
            /** @description How it ended; null while it runs. */
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /**
             * @description One line on how it ended, or which part of its `when` kept it; empty while it runs.
             * @example exit code 1
             */
            summary: string;
            /** @description It began while the build was being stopped, as it always runs; another stop ends it. */
            after_stop: boolean;
            /**
             * @description How much it takes of each lock, by name; empty: of none.
             * @example {
             *       "db": 1
             *     }
             */
            locks: {
                [key: string]: number;
            };
            /** @description The lock that it waits for before it does anything; or null. */
            waiting: components["schemas"]["LockWait"] | null;
            /** @description When it had its locks, which it has waited for since it began; or null. */
            locks_taken_at: string | null;
            /**
             * Format: date-time
             * @description When it began, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            started_at: string;
            /** @description When it ended; null while it runs. */
            finished_at: string | null;
            /** @description What was asked of the worker, in order. */
            operations: components["schemas"]["Operation"][];
            /** @description What a step `generate` has generated; null: nothing was read yet, or ever. */
            generated: components["schemas"]["Generated"] | null;
        };
        /**
         * StepList
         * @description All steps of a build that have begun, in order.
         */
        StepList: {
            /** @description The steps. */
            items: components["schemas"]["Step"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * Suspect
         * @description A commit that came into the first failing build and was in no green one.
         */
        Suspect: {
            /**
             * Format: uuid
             * @description Names the commit in addresses.
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            change_id: string;
            /**
             * @description The source's name.
             * @example widget
             */
            source: string;
            /**
             * @description A commit's full hash.
             * @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8
             */
            revision: string;
            /** @description The message's first line; null once it is erased or altered. */
            subject: string | null;
            /** @description What stands in the vault isn't the message that was recorded, so it isn't shown. */
            altered: boolean;
            /** @description Who wrote it. */
            author: components["schemas"]["Person"];
        };
        /**
         * TestPage
         * @description Tests of a build: those that failed, then those that were skipped, then those that passed.
         */
        TestPage: {
            /** @description The tests of this page. */
            items: components["schemas"]["TestResult"][];
            /** @description How all tests of the build came out, whatever is asked for. */
            totals: components["schemas"]["TestTotals"];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * TestResult
         * @description What became of one test.
         */
        TestResult: {
            /**
             * @description The test report it was read from.
             * @example out/junit.xml
             */
            report: string;
            /** @description Place of the step that read the report, from 0. */
            step: number;
            /**
             * @description The suite or class it belongs to; may be empty.
             * @example tests.test_widget
             */
            suite: string;
            /**
             * @description The test's name.
             * @example test_turns
             */
            name: string;
            /**
             * @description `error`: it couldn't be run to its end.
             * @enum {unknown}
             */
            status: "error" | "failed" | "passed" | "skipped";
            /** @description How long it took, in seconds; null: the report doesn't say. */
            seconds: number | null;
            /** @description The beginning of what it said when it didn't pass. */
            message: string;
        };
        /**
         * TestSummary
         * @description The tests of a build in brief.
         */
        TestSummary: {
            /** @description How all tests came out. */
            totals: components["schemas"]["TestTotals"];
            /** @description The first that failed. */
            failures: components["schemas"]["TestResult"][];
        };
        /**
         * TestTotals
         * @description How many tests of a build came to what. Tests that were left out are counted in none but `omitted`.
         */
        TestTotals: {
            /** @description How many test reports were read. */
            reports: number;
            /** @description Tests that passed. */
            passed: number;
            /** @description Tests that failed. */
            failed: number;
            /** @description Tests that couldn't be run to their end. */
            errors: number;
            /** @description Tests that were skipped. */
            skipped: number;
            /** @description Passed or skipped, and not recorded one by one. */
            omitted: number;
        };
        /**
         * TreeHead
         * @description A signed statement of all facts up to a position.
         */
        TreeHead: {
            /** @description How many facts it covers: positions 1 to this. */
            size: number;
            /** @description Root of the Merkle tree in hex. */
            root: string;
            /**
             * Format: date-time
             * @description When it was signed, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            signed_at: string;
            /** @description Names the key that signed it: its name and a hash of it. */
            key_id: string;
            /** @description Ed25519 public key, base64. */
            public_key: string;
            /** @description Over `text`, base64. */
            signature: string;
            /** @description What is signed: the key's name, the size, the root, the time. */
            text: string;
        };
        /**
         * TriggerAnswer
         * @description What one trigger made of a change for one builder.
         */
        TriggerAnswer: {
            /**
             * @description The trigger, by its name.
             * @example change-widget
             */
            trigger: string;
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /** @description The branch on which the change was seen. */
            branch: string;
            /**
             * @description `requested`: see `status`; `historic`: older than the source's configuration; `branch`, `first_sight`, `when` and `if`: filtered by that; `settling`: its branch has to be quiet first; the others are of success triggers, see `upstream`: a builder is awaited, failed, has no build of the change, or those that succeeded had different revisions.
             * @enum {unknown}
             */
            code: "branch" | "first_sight" | "historic" | "if" | "not_requested" | "requested" | "settling" | "upstream_apart" | "upstream_awaited" | "upstream_failed" | "upstream_not_built" | "when";
            /** @description The answer, for people. */
            text: string;
            /** @description The part of `when` or `if` that doesn't hold; else null. */
            condition: string | null;
            /** @description The request; null: none was made. */
            request_id: string | null;
            /** @description Where the request stands; null: there is none. */
            status: ("claimed" | "collapsed" | "finished" | "waiting") | null;
            /** @description The build that has or answered the request; null: none. */
            build_id: string | null;
            /** @description How the request ended; null: it hasn't, or there is none. */
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /** @description Of a success trigger that has requested nothing: the builders whose success it needs. */
            upstream: components["schemas"]["UpstreamBuild"][];
        };
        /**
         * UiConfig
         * @description What the dashboard needs to know before anybody has signed in.
         */
        UiConfig: {
            /**
             * @description The installation's name.
             * @example Build Ledger
             */
            title: string;
            /** @description The version of Build Ledger. */
            version: string;
            /** @description Ways to sign in. */
            sign_in: "token"[];
            /** @description A valid token or cookie was shown. */
            signed_in: boolean;
            /** @description What the caller may do. */
            permissions: {
                [key: string]: boolean;
            };
            /** @description How much one request may ask for. */
            limits: components["schemas"]["Limits"];
            /**
             * @description The ledger's head; where to begin with the stream.
             * @example 4711
             */
            position: number;
        };
        /**
         * UpstreamBuild
         * @description Where a builder whose success is awaited stands with a change.
         */
        UpstreamBuild: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            builder: string;
            /** @description Where its newest request for the change stands; null: nobody has requested it. */
            status: ("claimed" | "collapsed" | "finished" | "waiting") | null;
            /** @description Its build; null: it has none yet. */
            build_id: string | null;
            /** @description The build's number; null: it has none yet. */
            number: number | null;
            /** @description How it ended; null: it hasn't. */
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /** @description What it builds of the change's source: another revision, if newer commits came along. */
            revision: string | null;
        };
        /**
         * Waiting
         * @description Why a request waits.
         */
        Waiting: {
            /**
             * @description The reason, for programs.
             * @enum {unknown}
             */
            code: "builder_not_configured" | "lock_held" | "next" | "no_worker_connected" | "no_worker_fits" | "worker_starting" | "workers_busy" | "workers_paused" | "workers_quarantined";
            /**
             * @description The reason, for people.
             * @example all 2 workers that fit are busy
             */
            text: string;
            /** @description The workers it speaks of, at the most 20. */
            workers: string[];
            /**
             * @description The part of the builder's `worker` condition that no worker meets; else null.
             * @example worker.labels.os == 'linux'
             */
            condition: string | null;
            /**
             * @description A lock that the build can't have for the moment; else null.
             * @example database
             */
            lock: string | null;
            /** @description The builds that hold something of the lock, at the most 20. */
            held_by: components["schemas"]["LockHolder"][];
        };
        /**
         * Worker
         * @description A machine that runs builds.
         */
        Worker: {
            /**
             * @description The worker's name.
             * @example linux-1
             */
            name: string;
            /** @description False: only history speaks of it. */
            configured: boolean;
            /** @description It has a credential that is in force. */
            enrolled: boolean;
            /** @description What it proves itself with. */
            credential: components["schemas"]["WorkerCredential"];
            /**
             * @description `lost`: it was away beyond its lease, and its builds are tried elsewhere.
             * @enum {unknown}
             */
            status: "connected" | "disconnected" | "lost" | "never_connected";
            /** @description Nothing more is assigned to it. */
            paused: boolean;
            /** @description Who wants that; `worker`: it is about to end, and is over when it is back. Null: nobody. */
            paused_by: ("person" | "worker") | null;
            /** @description Why it is paused; empty: it isn't, or nobody said. */
            pause_reason: string;
            /** @description By name: what it says of itself and, over that, what the configuration says. */
            labels: {
                [key: string]: string;
            };
            /** @description How many builds it takes at once. */
            capacity: number;
            /** @description The builds that run on it. */
            running: components["schemas"]["BuildRef"][];
            /** @description The version of the worker's program; empty before its first session. */
            version: string;
            /**
             * @description Its operating system; empty before its first session.
             * @example linux
             */
            os: string;
            /**
             * @description Its processor's architecture; empty before its first session.
             * @example x86_64
             */
            arch: string;
            /** @description Where its last session came from; empty before the first. */
            address: string;
            /** @description Counts its sessions. */
            epoch: number;
            /** @description Of its last session. */
            connected_at: string | null;
            /** @description When its last session ended; null while it is connected, and before the first. */
            disconnected_at: string | null;
            /**
             * @description Why its last session ended; empty while it is connected, and before the first.
             * @example silent
             */
            disconnect_reason: string;
            /** @description It has been away for longer than it may, since then. */
            missing_since: string | null;
            /** @description Null: it isn't started by the server. */
            machine: components["schemas"]["Machine"] | null;
        };
        /**
         * WorkerCounts
         * @description How the configured workers stand.
         */
        WorkerCounts: {
            /** @description All configured workers. */
            total: number;
            /** @description Those with a session. */
            connected: number;
            /** @description Those to which nothing is assigned because a person wants so. */
            paused: number;
            /** @description With at least one build. */
            busy: number;
        };
        /**
         * WorkerCredential
         * @description What a worker proves itself with.
         */
        WorkerCredential: {
            /**
             * @description `none`: it was never enrolled.
             * @enum {unknown}
             */
            state: "expired" | "in_force" | "none" | "revoked";
            /** @description The last one; workers exchange it at half of its life. */
            issued_at: string | null;
            /** @description Null: it stands until it is revoked. */
            expires_at: string | null;
        };
        /**
         * WorkerDetail
         * @description One worker.
         */
        WorkerDetail: {
            /** @description The worker. */
            worker: components["schemas"]["Worker"];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * WorkerPage
         * @description Workers, by name.
         */
        WorkerPage: {
            /** @description The workers of this page. */
            items: components["schemas"]["Worker"][];
            /**
             * @description Give it as `cursor` to get the next page; null on the last.
             * @example WyJidWlsZHMiLDQ3XQ
             */
            next: string | null;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    read_home: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is broken, since when and whose; what runs, waits and was built last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Home"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_builders: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Part of the name, the description or a tag. */
                search?: string | null;
                /** @description Only builders that are so. */
                status?: ("never_built" | "passing" | "broken" | "unclear") | null;
                /** @description Only items with exactly this name. */
                base?: string | null;
                /** @description Only items with exactly this name. */
                project?: string | null;
                /** @description Only items with exactly this name. */
                tag?: string | null;
                /** @description Only items with exactly this name. */
                source?: string | null;
                /** @description Only builders that are protected, or only others. */
                protected?: boolean | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Builders, by name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuilderPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_builder: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The builder's name, with its matrix cell. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All about one builder, in one answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuilderDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_builder_definition: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The builder's name, with its matrix cell. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What a builder is by the configuration in force. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuilderDefinition"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    force_build: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The builder's name, with its matrix cell. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForceBody"];
            };
        };
        responses: {
            /** @description A build is requested, durably. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestReceipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_projects: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All projects, by name: those that the configuration describes, and those that builders name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectList"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_project: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The project's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One project; `/builders?project=` has its builders. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_builds: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Only items with exactly this name. */
                builder?: string | null;
                /** @description Only builds that are so. */
                status?: ("running" | "finished") | null;
                /** @description Only builds that ended so. */
                result?: ("success" | "warnings" | "failure" | "skipped" | "exception" | "retry" | "cancelled") | null;
                /** @description Only items with exactly this name. */
                worker?: string | null;
                /** @description Only builds made for this request. */
                request_id?: string | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Builds, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuildPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_build: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All about one build, in one answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuildDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_build_by_number: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The builder's name, with its matrix cell. */
                name: string;
                /** @description The build's number. */
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All about one build, in one answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BuildDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_steps: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All steps of a build that have begun, in order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepList"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_blamed: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Commits, all there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeList"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_build: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rebuild: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RebuildBody"];
            };
        };
        responses: {
            /** @description A build is requested, durably. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestReceipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_artifacts: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The artifacts of a build, in the order in which they were stored. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactList"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_entries: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                operation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An artifact, and of a directory all that is in it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_artifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                operation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file, or the directory. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                    "application/zip": string;
                };
            };
            /** @description The range asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                operation_id: string;
                /** @description Its path in the directory. */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description The range asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tests: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Only tests that came out so. */
                status?: ("passed" | "failed" | "error" | "skipped") | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                build_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Tests of a build: those that failed, then those that were skipped, then those that passed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TestPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_changes: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Only items with exactly this name. */
                source?: string | null;
                /** @description Only items with exactly this name. */
                branch?: string | null;
                /** @description A claim's id. */
                author?: string | null;
                /** @description Or what it begins with. */
                revision?: string | null;
                /** @description Also those from before the source was configured. */
                historic?: boolean;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Commits, the last seen first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangePage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_change: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                change_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A commit with its files. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_change: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                change_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Why a change was built, or not: an answer for each trigger that it may come to, and each of its builders. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangeAnswers"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sources: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All sources, by name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SourceList"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_pipelines: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Only branches where it is so. */
                outcome?: ("read" | "rejected" | "missing" | "unread" | "excluded") | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The source's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the file of a repository defines, branch by branch, the one that moved last first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SourcePipelines"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_defined_builders: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The source's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Builders that the file of a repository defines or has defined, by name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DefinedBuilderPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    trigger_poll: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The source's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The command is durable. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    push_changes: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The source's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_people: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Claims about people, the last seen first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_requests: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Only items with exactly this name. */
                builder?: string | null;
                /** @description Only requests that are so. */
                status?: ("waiting" | "claimed" | "collapsed" | "finished") | null;
                /** @description Only requests that were cancelled, or answered by the build of another. */
                without_build?: boolean;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Requests: those that wait in the order of priority and age, all others newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_request: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_request: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The id that lists and other answers give. */
                request_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prioritise_request: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The id that lists and other answers give. */
                request_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PriorityBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_workers: {
        parameters: {
            query?: {
                /** @description Instead those that aren't configured any more and haven't come back within their lease. */
                former?: boolean;
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Workers, by name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_worker: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The worker's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One worker. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause_worker: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The worker's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_worker: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The worker's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_worker: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path: {
                /** @description The worker's name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReasonBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    issue_enrollment: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrollmentBody"];
            };
        };
        responses: {
            /** @description A one-use token for a new worker. It is shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrollmentReceipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_log: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A log, and how much of it can be read at this moment. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_lines: {
        parameters: {
            query?: {
                /** @description Line to begin with, without a cursor; lines count from 0. */
                first?: number;
                /** @description How many lines a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines in a row. Bytes that aren't UTF-8 are replaced; escape sequences are kept. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogLines"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search_log: {
        parameters: {
            query: {
                /** @description The text to look for, within one line. */
                pattern: string;
                /** @description `pattern` is a regular expression of Python. */
                regex?: boolean;
                /** @description Upper and lower case letters are equal. */
                ignore_case?: boolean;
                /** @description Line to begin with, without a cursor; lines count from 0. */
                from_line?: number;
                /** @description How many hits a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Matches in the order of lines. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogSearch"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_raw: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which bytes: `bytes=0-99`. Default: all. */
                Range?: string | null;
            };
            path: {
                /** @description The id that lists and other answers give. */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All bytes there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description The range asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_log: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id that lists and other answers give. */
                log_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_facts: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
                /** @description Only facts after this position. */
                after?: number | null;
                /** @description From the oldest on, or from the newest. */
                order?: "asc" | "desc";
                /** @description Only facts with these stored names, or names that begin so: `build.` */
                name?: string[] | null;
                /** @description Only facts of this stream. */
                stream?: string | null;
                /** @description Only facts of this correlation: everything that one request led to. */
                correlation?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Facts in the order of the ledger, or backwards. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_fact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The fact's place in the ledger. */
                position: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A fact with the bytes that are hashed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_position: {
        parameters: {
            query: {
                /** @description With its offset from UTC. */
                time: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last position that was recorded at or before a time. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PositionAt"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_tree_head: {
        parameters: {
            query?: {
                /** @description A position that has to be in it, however new it is. */
                covering?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A signed statement of all facts up to a position. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TreeHead"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prove_inclusion: {
        parameters: {
            query: {
                /** @description The fact to be proven. */
                position: number;
                /** @description How many facts the tree covers. Default: all there are. */
                tree_size?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description That a fact is in a tree. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InclusionProof"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    prove_consistency: {
        parameters: {
            query: {
                /** @description How many facts the earlier tree covers. */
                first: number;
                /** @description How many facts the tree covers. Default: all there are. */
                second?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description That a later tree only appended to an earlier one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream_facts: {
        parameters: {
            query?: {
                /** @description The last position known already. Default: only what is new. */
                after?: number | null;
                /** @description Only facts with these stored names, or names that begin so: `build.` */
                name?: string[] | null;
                /** @description Only facts of this stream. */
                stream?: string | null;
                /** @description Only facts of this correlation: everything that one request led to. */
                correlation?: string | null;
            };
            header?: {
                /** @description Sent by browsers; stronger than `after`. */
                "last-event-id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_config: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A revision with all it says; names of secrets, never their values. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    apply_config: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfigBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_config: {
        parameters: {
            query?: {
                /** @description Answer with all that differs, field by field, for programs. */
                entries?: boolean;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfigTextBody"];
            };
        };
        responses: {
            /** @description What would change if a configuration were put in force. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigPlan"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back: {
        parameters: {
            query?: {
                /** @description Answer only when every read shows what was done. `Prefer: respond-async` says no too. */
                wait?: boolean;
            };
            header?: {
                /** @description Names the command: repeated with the same body it does nothing again and answers the same. */
                "Idempotency-Key"?: string | null;
                /** @description `respond-async`: as `wait=false`. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            /** @description The command is durable. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_revisions: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                /** @description Only revisions before this one. */
                before?: number;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revisions, newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigRevisionPage"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_revision: {
        parameters: {
            query?: {
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The revision's number. */
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A revision with all it says; names of secrets, never their values. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigDetail"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan_revision: {
        parameters: {
            query?: {
                /** @description Answer with all that differs, field by field, for programs. */
                entries?: boolean;
                /** @description Answer as of this position of the ledger instead of the present. */
                as_of?: number | null;
            };
            header?: never;
            path: {
                /** @description The revision's number. */
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What would change if a configuration were put in force. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigPlan"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether the server does its work. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_ui_config: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the dashboard needs to know before anybody has signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UiConfig"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_server: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Which server this is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerInfo"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_servers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server processes that share the ledger. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerList"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    read_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who is signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `If-None-Match` names the current answer. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionBody"];
            };
        };
        responses: {
            /** @description Who is signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who is signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description A problem (RFC 9457). */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
