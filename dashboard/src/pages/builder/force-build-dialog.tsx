import { type FormEvent, useState } from "react";
import { Button, Checkbox, Form } from "react-aria-components";
import { useCommand } from "../../actions/use-command.ts";
import type { ForceBody } from "../../api/commands.ts";
import type { BuilderDetail, Input } from "../../api/types.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { ChoicesField, SelectField, TextInput } from "../../ui/form-field.tsx";
import { ProblemAlert } from "../../ui/problem-alert.tsx";
import { describeInput, type FormValues, initialValues, parseInputs } from "./build-inputs.ts";

/** The branch to begin with where the default branch's file doesn't define the builder; empty: the default branch. */
function branchOfOrigin({ defined_by, builder }: BuilderDetail): string {
  const branch = defined_by?.branch_count ? defined_by.shown?.branch : undefined;
  return branch === undefined || branch === builder.default_branch ? "" : branch;
}

/** The dialog that starts a build: branch, revision, the builder's typed inputs, and a reason. */
export default function ForceBuildDialog({ detail, onClose }: { detail: BuilderDetail; onClose(): void }) {
  const { builder, inputs, sources } = detail;
  const command = useCommand();
  const [values, setValues] = useState<FormValues>(() => ({
    ...initialValues(inputs),
    "*branch": branchOfOrigin(detail),
    "*revision": "",
    "*reason": "",
  }));
  const [problems, setProblems] = useState<Record<string, string>>({});
  const set = (name: string) => (value: string | boolean) =>
    setValues((before) => ({ ...before, [name]: value }));
  const text = (name: string) => String(values[name] ?? "");
  const [source] = sources;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const parsed = parseInputs(inputs, values);
    setProblems(parsed.problems);
    if (Object.keys(parsed.problems).length > 0) return;
    const body: ForceBody = {
      reason: text("*reason").trim(),
      inputs: parsed.values,
      branch: text("*branch").trim() || null,
      revision: text("*revision").trim() || null,
      sources: {},
    };
    command.mutate({ kind: "force", builder: builder.name, body }, { onSuccess: onClose });
  };

  return (
    <Dialog title={`Start a build of ${builder.name}`} onClose={onClose}>
      <Form className="form" onSubmit={submit} validationBehavior="aria">
        {source && (
          <div className="form-pair">
            <TextInput
              label="Branch"
              value={text("*branch")}
              onChange={set("*branch")}
              placeholder={source.default_branch ?? ""}
              suggestions={source.branches}
            />
            <TextInput
              label="Revision"
              value={text("*revision")}
              onChange={set("*revision")}
              placeholder="latest"
              isMono
            />
          </div>
        )}
        {inputs.map((input) => (
          <BuildInputField
            key={input.name}
            input={input}
            value={values[input.name] ?? ""}
            onChange={set(input.name)}
            problem={problems[input.name]}
          />
        ))}
        <TextInput
          label="Reason"
          value={text("*reason")}
          onChange={set("*reason")}
          placeholder="optional, shown in the history"
        />
        {command.error && <ProblemAlert problem={command.error} />}
        <div className="form-actions">
          <Button className="button" onPress={onClose}>
            Cancel
          </Button>
          <Button className="button primary" type="submit" isDisabled={command.isPending}>
            {command.isPending ? "Starting…" : "Start"}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

type BuildInputFieldProps = {
  input: Input;
  value: string | boolean;
  onChange(value: string | boolean): void;
  problem: string | undefined;
};

function BuildInputField({ input, value, onChange, problem }: BuildInputFieldProps) {
  const { name, type, required } = input;
  const description = describeInput(input);
  if (type === "boolean") {
    return (
      <div className="field">
        <Checkbox className="checkbox" isSelected={value === true} onChange={onChange}>
          <span className="box" aria-hidden="true">
            ✓
          </span>
          {name}
        </Checkbox>
        {description && <span className="description">{description}</span>}
      </div>
    );
  }
  if (input.enum.length > 0) {
    const Field = type === "list" ? ChoicesField : SelectField;
    return (
      <Field
        label={name}
        description={description}
        isRequired={required}
        problem={problem}
        choices={input.enum.map(String)}
        value={String(value)}
        onChange={onChange}
      />
    );
  }
  return (
    <TextInput
      label={name}
      description={description}
      isRequired={required}
      problem={problem}
      value={String(value)}
      onChange={onChange}
      isMultiline={type === "list"}
      inputMode={type === "integer" ? "numeric" : undefined}
    />
  );
}
