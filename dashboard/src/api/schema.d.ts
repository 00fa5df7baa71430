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
         * @description The commits that the build brought and no green build of its stream had, of all its sources, newest first.
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
         * @description Ask for the build's end; it ends when its worker has stopped what runs.
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
         * @description What a build has handed over, also what is kept no longer.
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
         * @description The file that an upload handed over, or the directory as a zip. Always a download: no page of this server shows
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
         * @description All workers by name: those configured, and those that only history knows.
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
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Health
         * @description Whether the server does its work: 200, or 503 when a part of it has stopped. Open to everybody.
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
         * @description Sign in with the local admin token; sets a cookie that no script can read and no other site can use.
         */
        post: operations["sign_in"];
        /**
         * Sign Out
         * @description Sign out: the cookie is deleted.
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
            /** @enum {unknown} */
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
            /** @example widget-1.0.tar.gz */
            name: string;
            /** @enum {unknown} */
            kind: "directory" | "file";
            /**
             * @description By its name; never what it is served as.
             * @example application/gzip
             */
            type: string;
            /** @description Of a directory: all its files together. */
            size_bytes: number;
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
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            stored_at: string;
            /** @description When it goes; null: not by its age. */
            expires_at: string | null;
            /** @description When it went; null: it is here. */
            removed_at: string | null;
            /** @example expired */
            removed_because: string | null;
        };
        /**
         * ArtifactDetail
         * @description An artifact, and of a directory all that is in it.
         */
        ArtifactDetail: {
            artifact: components["schemas"]["Artifact"];
            /**
             * Format: uuid
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
            /** @example dist/widget.whl */
            path: string;
            /** @enum {unknown} */
            kind: "directory" | "file" | "link";
            size_bytes: number;
            executable: boolean;
            sha256: string | null;
            /** @description What stands in a link. */
            target: string | null;
        };
        /**
         * ArtifactList
         * @description The artifacts of a build, in the order in which they were stored.
         */
        ArtifactList: {
            items: components["schemas"]["Artifact"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * Blame
         * @description What one source brought into a build that no green build of the same stream had.
         */
        Blame: {
            /** @example widget */
            source: string;
            /** @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8 */
            revision: string;
            /**
             * @description `none`: the stream never was green, so nobody is blamed.
             * @enum {unknown}
             */
            baseline: "green" | "none";
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
            /** @example main */
            name: string;
            /** @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8 */
            revision: string;
            /** @description Its last move left commits behind. */
            forced: boolean;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
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
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            since_at: string;
        };
        /**
         * BrokenBuilder
         * @description A builder whose last verdict is bad.
         */
        BrokenBuilder: {
            /**
             * @description A builder, or one cell of its matrix.
             * @example tests[3.12,linux]
             * @example package
             */
            name: string;
            project: string | null;
            broken: components["schemas"]["Broken"];
            last_build: components["schemas"]["BuildRef"];
            summary: string;
            /** @description The first of them, newest first. */
            suspects: components["schemas"]["Suspect"][];
            suspect_count: number;
            /** @description False: the builder never was green, so nobody is suspected. */
            baseline: boolean;
        };
        /**
         * Build
         * @description A build as lists show it.
         */
        Build: {
            /**
             * Format: uuid
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
            /** @enum {unknown} */
            status: "finished" | "running" | "stopping";
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /** @example step pytest: exit code 1 */
            summary: string;
            /** @example change on main */
            reason: string;
            requested_by: components["schemas"]["Actor"];
            /** @example linux-1 */
            worker: string;
            attempt: number;
            stamps: components["schemas"]["SourceStamp"][];
            change_count: number;
            /** @description Only while it runs. */
            step: components["schemas"]["CurrentStep"] | null;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            assigned_at: string;
            finished_at: string | null;
        };
        /**
         * BuildDetail
         * @description All about one build, in one answer.
         */
        BuildDetail: {
            build: components["schemas"]["Build"];
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
            rebuild_of: string | null;
            steps: components["schemas"]["Step"][];
            /** @description Names of all steps in its configuration. */
            planned_steps: string[];
            properties: components["schemas"]["Property"][];
            artifacts: components["schemas"]["Artifact"][];
            /** @description Null: no test report was read. */
            tests: components["schemas"]["TestSummary"] | null;
            changes: components["schemas"]["Change"][];
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
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            assigned_at: string;
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
            matrix: {
                [key: string]: string | number | boolean;
            };
            project: string | null;
            description: string;
            tags: string[];
            /** @description False: only history speaks of it. */
            configured: boolean;
            /**
             * @description Of its last build that passed or failed; `unclear` if none ever did either.
             * @enum {unknown}
             */
            status: "broken" | "never_built" | "passing" | "unclear";
            last_result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /** @description The last one that finished, whatever its result. */
            last_build: components["schemas"]["BuildRef"] | null;
            broken: components["schemas"]["Broken"] | null;
            build_count: number;
            /** @description Builds that run. */
            running: components["schemas"]["BuildRef"][];
        };
        /**
         * BuilderCounts
         * @description How the configured builders stand.
         */
        BuilderCounts: {
            total: number;
            passing: number;
            broken: number;
            unclear: number;
            never_built: number;
        };
        /**
         * BuilderDetail
         * @description All about one builder, in one answer.
         */
        BuilderDetail: {
            builder: components["schemas"]["Builder"];
            /** @description Names of its steps, in order. */
            steps: string[];
            sources: components["schemas"]["BuilderSource"][];
            inputs: components["schemas"]["Input"][];
            locks: string[];
            /** @description Its first waiting requests. */
            waiting: components["schemas"]["Request"][];
            waiting_count: number;
            /** @description Its last builds, newest first; `/builds?builder=` has all. */
            recent: components["schemas"]["Build"][];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
        };
        /**
         * BuilderPage
         * @description Builders, by name.
         */
        BuilderPage: {
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
            name: string;
            /** @description What is built when nobody names a branch. */
            default_branch: string | null;
            /** @description Branches that exist, to choose from. */
            branches: string[];
        };
        /**
         * Change
         * @description A commit. Its message and the people's words are null once they are erased.
         */
        Change: {
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /** @example widget */
            source: string;
            repository: string;
            /**
             * @description The branch on which it was first seen.
             * @example main
             */
            branch: string;
            /** @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8 */
            revision: string;
            parents: string[];
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            author: components["schemas"]["Person"];
            committer: components["schemas"]["Person"];
            co_authors: components["schemas"]["Person"][];
            /**
             * @description The message's first line.
             * @example Fix the widget
             */
            subject: string | null;
            message: string | null;
            /** @description The message was there once and has been erased. */
            erased: boolean;
            file_count: number;
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
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            recorded_at: string;
        };
        /**
         * ChangeDetail
         * @description A commit with its files.
         */
        ChangeDetail: {
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
            /** @example src/widget.py */
            path: string;
            /** @example modified */
            kind: string;
        };
        /**
         * CommitBody
         * @description A commit, as whoever hands it in knows it.
         */
        CommitBody: {
            /** Revision */
            revision: string;
            /** Parents */
            parents?: string[];
            /**
             * Author
             * @example Jane Doe <jane@example.org>
             */
            author: string;
            /**
             * Committed At
             * Format: date-time
             */
            committed_at: string;
            /** Message */
            message: string;
            /** Files */
            files?: string[];
        };
        /**
         * ConfigBody
         * @description A configuration, resolved, as `buildledger config` makes it.
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
        };
        /**
         * ConfigDetail
         * @description A revision with all it says; names of secrets, never their values.
         */
        ConfigDetail: {
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
         * ConfigRevision
         * @description A configuration that took effect.
         */
        ConfigRevision: {
            revision: number;
            /** @description SHA-256 in hex. */
            digest: string;
            /**
             * @description The file it was read from.
             * @example buildledger.yaml
             */
            origin: string;
            /** @description What it created, changed and removed. */
            plan: string[];
            applied_by: components["schemas"]["Actor"];
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            applied_at: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            active: boolean;
            failures: components["schemas"]["EffectFailure"][];
        };
        /**
         * ConfigRevisionPage
         * @description Revisions, newest first.
         */
        ConfigRevisionPage: {
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
         * ConsistencyProof
         * @description That a later tree only appended to an earlier one.
         */
        ConsistencyProof: {
            first_size: number;
            second_size: number;
            first_root: string;
            second_root: string;
            path: string[];
        };
        /**
         * CurrentStep
         * @description The step that runs.
         */
        CurrentStep: {
            index: number;
            name: string;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            started_at: string;
        };
        /**
         * EffectFailure
         * @description A component that could not follow the revision.
         */
        EffectFailure: {
            component: string;
            detail: string;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
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
            duplicate: boolean;
            visible: boolean;
            /** @example ble_2b7e151628aed2a6abf7158809cf4f3c */
            token: string;
            /** @description The only name it may be used for; null: any that is configured. */
            worker: string | null;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            expires_at: string;
        };
        /**
         * Fact
         * @description Something that happened.
         */
        Fact: {
            /** @example 4711 */
            position: number;
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            stream_id: string;
            /** @description Place in its own stream. */
            version: number;
            /** @example build.finished.v1 */
            name: string;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            recorded_at: string;
            actor: components["schemas"]["Actor"];
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            command_id: string;
            causation_id: string | null;
            correlation_id: string | null;
            /**
             * @example {
             *       "result": "success"
             *     }
             */
            data: Record<string, never>;
        };
        /**
         * FactDetail
         * @description A fact with the bytes that are hashed.
         */
        FactDetail: {
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
         * @description Start a build by hand.
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
             * @description Of the builder's first source.
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
            /** Inputs */
            inputs?: {
                [key: string]: boolean | number | string | string[];
            };
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
            readers: components["schemas"]["ReaderHealth"][];
            /** @description What is wrong, a line each. */
            problems: string[];
        };
        /**
         * Home
         * @description What is broken, since when and whose; what runs, waits and was built last.
         */
        Home: {
            /** @description Broken the longest first. */
            broken: components["schemas"]["BrokenBuilder"][];
            broken_count: number;
            running: components["schemas"]["Build"][];
            running_count: number;
            /** @description The last that finished. */
            recent: components["schemas"]["Build"][];
            queue: components["schemas"]["QueueSummary"];
            builders: components["schemas"]["BuilderCounts"];
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
            /** @example 4711 */
            position: number;
            tree_size: number;
            leaf_hash: string;
            /** @description Hashes from the leaf to the root, in hex. */
            path: string[];
            root: string;
        };
        /**
         * Input
         * @description A value that a person gives, or may give, who starts a build.
         */
        Input: {
            /** @example version */
            name: string;
            /** @enum {unknown} */
            type: "boolean" | "integer" | "list" | "string";
            description: string;
            required: boolean;
            default: string | number | boolean | string[] | null;
            enum: (string | number)[];
            /** @description RE2 expression that a text has to match. */
            pattern: string | null;
        };
        /**
         * Limits
         * @description What one request may ask for.
         */
        Limits: {
            page_max: number;
            builders_page_max: number;
            log_lines_max: number;
            log_search_hits_max: number;
        };
        /**
         * LockHolder
         * @description A build that holds a lock until it ends.
         */
        LockHolder: {
            /**
             * Format: uuid
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
         * Log
         * @description What an operation wrote to one channel. Size, lines and digest are known when it is finished.
         */
        Log: {
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            build_id: string;
            step: number;
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            operation_id: string;
            /** @example stdio */
            channel: string;
            label: string;
            finished: boolean;
            size_bytes: number | null;
            line_count: number | null;
            sha256: string | null;
            truncated: boolean;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            opened_at: string;
            finished_at: string | null;
        };
        /**
         * LogDetail
         * @description A log, and how much of it can be read at this moment.
         */
        LogDetail: {
            log: components["schemas"]["Log"];
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
            size_bytes: number;
            line_count: number;
            /** @description It never grows again. */
            finished: boolean;
        };
        /**
         * LogHit
         * @description The first match in a line. `start` and `end` count characters of `text`.
         */
        LogHit: {
            line: number;
            /** @description The line, or the part around the match when the line is long. */
            text: string;
            start: number;
            end: number;
        };
        /**
         * LogLines
         * @description Lines in a row. Bytes that aren't UTF-8 are replaced; escape sequences are kept.
         */
        LogLines: {
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            log_id: string;
            /** @description Number of the first of them; lines count from 0. */
            first: number;
            /** @description The lines, without their newlines. */
            items: string[];
            /** @description The limit of bytes ended the answer; the last line may be incomplete. */
            cut: boolean;
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
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            log_id: string;
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
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            id: string;
            step: number;
            /** @example git fetch */
            label: string;
            /** @example run */
            kind: string;
            /**
             * @description The argv as one line, or the path it works on.
             * @example pytest -q
             */
            command: string;
            /** @enum {unknown} */
            status: "finished" | "requested" | "started";
            /** @description `exited`, `signalled`, `no_output`, …; null while it runs. */
            ended: string | null;
            exit_code: number | null;
            signal: number | null;
            detail: string;
            duration_seconds: number | null;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            requested_at: string;
            started_at: string | null;
            finished_at: string | null;
            logs: components["schemas"]["Log"][];
        };
        /**
         * Outage
         * @description Why a source can't be read.
         */
        Outage: {
            /** @example auth */
            cause: string;
            detail: string;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            since: string;
        };
        /**
         * Person
         * @description Somebody as a claim names them; words that were erased are null.
         */
        Person: {
            /**
             * Format: uuid
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
        };
        /**
         * PersonPage
         * @description Claims about people, the last seen first.
         */
        PersonPage: {
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
         * PositionAt
         * @description The last position that was recorded at or before a time.
         */
        PositionAt: {
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            recorded_at: string | null;
        };
        /**
         * PriorityBody
         * @description Another place in the queue.
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
            /** @example urn:buildledger:problem:build_finished */
            type: string;
            title: string;
            status: number;
            detail: string;
            /**
             * @description Stable; `docs/errors.md` explains it.
             * @example build_finished
             */
            code: string;
            instance: string;
            /** @description For invalid input: where, and what is wrong. */
            errors: Record<string, never>[];
        };
        /**
         * Property
         * @description A value that the build learnt.
         */
        Property: {
            name: string;
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
             * @example main
             */
            branch: string;
            /** Commits */
            commits: components["schemas"]["CommitBody"][];
        };
        /**
         * QueueSummary
         * @description What waits.
         */
        QueueSummary: {
            waiting: number;
            oldest_at: string | null;
            /** @description The next in line. */
            first: components["schemas"]["Request"][];
        };
        /**
         * ReaderHealth
         * @description How far a reader of the ledger has come.
         */
        ReaderHealth: {
            /** @example status */
            name: string;
            /**
             * @description A place in the ledger; 0 is before the first fact.
             * @example 4711
             */
            position: number;
            /** @description Facts it has not read yet. */
            lag: number;
            /** @enum {unknown} */
            status: "following" | "stopped";
            /** @description Why it stopped. */
            error: string | null;
        };
        /**
         * ReasonBody
         * @description Why it is done.
         */
        ReasonBody: {
            /**
             * Reason
             * @default
             * @example made a mistake
             */
            reason: string;
        };
        /**
         * RebuildBody
         * @description Build the same again.
         */
        RebuildBody: {
            /**
             * Reason
             * @default
             * @example flaky?
             */
            reason: string;
            /** Priority */
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
         * @description A wish for a build.
         */
        Request: {
            /**
             * Format: uuid
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
            /** @enum {unknown} */
            status: "claimed" | "collapsed" | "finished" | "waiting";
            /** @description Why it waits; null when it doesn't. */
            waiting: components["schemas"]["Waiting"] | null;
            priority: number;
            /** @example change on main */
            reason: string;
            /** @example change-widget */
            trigger: string | null;
            requested_by: components["schemas"]["Actor"];
            stamps: components["schemas"]["SourceStamp"][];
            change_ids: string[];
            inputs: Record<string, never>;
            attempts: number;
            /** @description The build that has or answered it. */
            build_id: string | null;
            collapsed_into: string | null;
            rebuild_of: string | null;
            parent_build: string | null;
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            submitted_at: string;
            finished_at: string | null;
        };
        /**
         * RequestDetail
         * @description One request.
         */
        RequestDetail: {
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
            duplicate: boolean;
            visible: boolean;
            /**
             * Format: uuid
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            request_id: string;
        };
        /**
         * ServerInfo
         * @description Which server this is.
         */
        ServerInfo: {
            /** @example 0.1.0 */
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
         * Session
         * @description Who is signed in.
         */
        Session: {
            signed_in: boolean;
            actor: components["schemas"]["Actor"] | null;
            expires_at: string | null;
        };
        /**
         * SessionBody
         * @description Sign in with the local admin token.
         */
        SessionBody: {
            /** Token */
            token: string;
        };
        /**
         * Source
         * @description A repository.
         */
        Source: {
            /** @example widget */
            name: string;
            /** @description False: only history speaks of it. */
            configured: boolean;
            kind: "git" | null;
            url: string | null;
            default_branch: string | null;
            outage: components["schemas"]["Outage"] | null;
            branches: components["schemas"]["Branch"][];
        };
        /**
         * SourceList
         * @description All sources, by name.
         */
        SourceList: {
            items: components["schemas"]["Source"][];
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
            /** @example widget */
            source: string;
            repository: string;
            /** @example main */
            branch: string;
            /** @description What was asked for; null: whatever the branch held. */
            revision: string | null;
            /** @description What the checkout really got; null before it. */
            obtained: string | null;
        };
        /**
         * StampBody
         * @description What of one source to build.
         */
        StampBody: {
            /**
             * Branch
             * @description Default: the source's default branch.
             */
            branch?: string | null;
            /**
             * Revision
             * @description Default: whatever the branch holds when the build starts.
             */
            revision?: string | null;
        };
        /**
         * Step
         * @description One step of a build.
         */
        Step: {
            index: number;
            /** @example pytest */
            name: string;
            /** @example run */
            program: string;
            result: ("cancelled" | "exception" | "failure" | "retry" | "skipped" | "success" | "warnings") | null;
            /** @example exit code 1 */
            summary: string;
            /**
             * Format: date-time
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            started_at: string;
            finished_at: string | null;
            operations: components["schemas"]["Operation"][];
        };
        /**
         * StepList
         * @description All steps of a build that have begun, in order.
         */
        StepList: {
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
             * @example 0b5f6c1e-6e4c-5d0a-9f0e-3d8f5b1f2c11
             */
            change_id: string;
            /** @example widget */
            source: string;
            /** @example 6f1ed002ab5595859014ebf0951522d9d3a1c5a8 */
            revision: string;
            subject: string | null;
            author: components["schemas"]["Person"];
        };
        /**
         * TestPage
         * @description Tests of a build: those that failed, then those that were skipped, then those that passed.
         */
        TestPage: {
            items: components["schemas"]["TestResult"][];
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
            /** @example out/junit.xml */
            report: string;
            step: number;
            /** @example tests.test_widget */
            suite: string;
            /** @example test_turns */
            name: string;
            /** @enum {unknown} */
            status: "error" | "failed" | "passed" | "skipped";
            seconds: number | null;
            /** @description The beginning of what it said when it didn't pass. */
            message: string;
        };
        /**
         * TestSummary
         * @description The tests of a build in brief.
         */
        TestSummary: {
            totals: components["schemas"]["TestTotals"];
            /** @description The first that failed. */
            failures: components["schemas"]["TestResult"][];
        };
        /**
         * TestTotals
         * @description How many tests of a build came to what. Tests that were left out are counted in none but `omitted`.
         */
        TestTotals: {
            reports: number;
            passed: number;
            failed: number;
            errors: number;
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
             * @description When the fact was recorded, in UTC.
             * @example 2026-11-22T10:15:00Z
             */
            signed_at: string;
            key_id: string;
            /** @description Ed25519 public key, base64. */
            public_key: string;
            /** @description Over `text`, base64. */
            signature: string;
            /** @description What is signed: the key's name, the size, the root, the time. */
            text: string;
        };
        /**
         * UiConfig
         * @description What the dashboard needs to know before anybody has signed in.
         */
        UiConfig: {
            /** @example Build Ledger */
            title: string;
            version: string;
            /** @description Ways to sign in. */
            sign_in: "token"[];
            signed_in: boolean;
            /** @description What the caller may do. */
            permissions: {
                [key: string]: boolean;
            };
            limits: components["schemas"]["Limits"];
            /**
             * @description The ledger's head; where to begin with the stream.
             * @example 4711
             */
            position: number;
        };
        /**
         * Waiting
         * @description Why a request waits.
         */
        Waiting: {
            /** @enum {unknown} */
            code: "builder_not_configured" | "lock_held" | "next" | "no_worker_connected" | "no_worker_fits" | "worker_starting" | "workers_busy" | "workers_paused" | "workers_quarantined";
            /** @example all 2 workers that fit are busy */
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
            /** @example linux-1 */
            name: string;
            /** @description False: only history speaks of it. */
            configured: boolean;
            enrolled: boolean;
            credential: components["schemas"]["WorkerCredential"];
            /** @enum {unknown} */
            status: "connected" | "disconnected" | "lost" | "never_connected";
            paused: boolean;
            pause_reason: string;
            labels: {
                [key: string]: string;
            };
            capacity: number;
            running: components["schemas"]["BuildRef"][];
            version: string;
            /** @example linux */
            os: string;
            /** @example x86_64 */
            arch: string;
            address: string;
            /** @description Counts its sessions. */
            epoch: number;
            /** @description Of its last session. */
            connected_at: string | null;
            disconnected_at: string | null;
            /** @example silent */
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
            total: number;
            connected: number;
            paused: number;
            /** @description With at least one build. */
            busy: number;
        };
        /**
         * WorkerCredential
         * @description What a worker proves itself with.
         */
        WorkerCredential: {
            /** @enum {unknown} */
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
            items: components["schemas"]["Worker"][];
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
                tag?: string | null;
                project?: string | null;
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
    list_builds: {
        parameters: {
            query?: {
                /** @description How many items a page has at the most. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string | null;
                builder?: string | null;
                /** @description Only builds that are so. */
                status?: ("running" | "finished") | null;
                /** @description Only builds that ended so. */
                result?: ("success" | "warnings" | "failure" | "skipped" | "exception" | "retry" | "cancelled") | null;
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
                source?: string | null;
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
    trigger_poll: {
        parameters: {
            query?: never;
            header?: never;
            path: {
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
                builder?: string | null;
                /** @description Only requests that are so. */
                status?: ("waiting" | "claimed" | "collapsed" | "finished") | null;
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
                /** @description How many facts a tree covers; the later one covers all by default. */
                first: number;
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
    list_revisions: {
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
