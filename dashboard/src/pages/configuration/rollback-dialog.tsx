import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button, Form } from "react-aria-components";
import { useCommand } from "../../actions/use-command.ts";
import { revisionPlanQuery } from "../../api/queries.ts";
import type { ConfigPlan } from "../../api/types.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { TextInput } from "../../ui/form-field.tsx";
import { ProblemAlert } from "../../ui/problem-alert.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";

/** Shows what going back to a revision changes, and what that does at once, before it is done. */
export default function RollbackDialog({ revision, onClose }: { revision: number; onClose(): void }) {
  const query = useQuery(revisionPlanQuery(revision));
  return (
    <Dialog title={`Go back to revision ${revision}`} onClose={onClose}>
      <QueryBoundary query={query}>
        {(plan) => <RollbackForm revision={revision} plan={plan} onClose={onClose} />}
      </QueryBoundary>
    </Dialog>
  );
}

type RollbackFormProps = { revision: number; plan: ConfigPlan; onClose(): void };

function RollbackForm({ revision, plan, onClose }: RollbackFormProps) {
  const command = useCommand();
  const [message, setMessage] = useState("");
  // the plan follows the ledger; who looked at another one is told of it before anything is put in force
  const [lookedAt, setLookedAt] = useState(plan.compared_with);
  const isPossible = plan.changes && plan.hindrances.length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    command.mutate(
      { kind: "rollback", revision, expected: lookedAt, message: message.trim() },
      { onSuccess: onClose, onError: () => setLookedAt(plan.compared_with) },
    );
  };
  return (
    <Form className="form" onSubmit={submit}>
      {plan.note && <p className="muted">{plan.note}</p>}
      <pre className="rollback-plan">{plan.text.join("\n")}</pre>
      {plan.effects.length > 0 && <Lines title="At once" lines={plan.effects} />}
      {plan.hindrances.length > 0 && <Lines title="It can't be put in force" lines={plan.hindrances} />}
      {isPossible && plan.watched_file !== null && (
        <p className="muted">
          The server watches {plan.watched_file}, which comes into force again when it changes, or at the next
          start.
        </p>
      )}
      {isPossible && (
        <TextInput
          label="Why"
          value={message}
          onChange={setMessage}
          placeholder="optional, shown in the history"
        />
      )}
      {command.error && <ProblemAlert problem={command.error} />}
      <div className="form-actions">
        <Button className="button" onPress={onClose}>
          Cancel
        </Button>
        <Button className="button primary" type="submit" isDisabled={!isPossible || command.isPending}>
          {command.isPending ? "Going back…" : "Go back"}
        </Button>
      </div>
    </Form>
  );
}

function Lines({ title, lines }: { title: string; lines: string[] }) {
  return (
    <div>
      <strong>{title}</strong>
      <ul className="revision-plan">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
