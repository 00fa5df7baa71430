import { type FormEvent, useState } from "react";
import { Button, Checkbox, Form } from "react-aria-components";
import { type ForceBody, useCommand } from "../../actions/commands.ts";
import type { BuilderDetail, Input } from "../../api/types.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Choice, Field } from "../../ui/form-field.tsx";
import { ProblemNote } from "../../ui/problem-alert.tsx";
import { readInputs, startOf, type Texts } from "./build-inputs.ts";

/** A form made from the builder's typed inputs. */
export default function ForceDialog({ detail, onClose }: { detail: BuilderDetail; onClose(): void }) {
  const { builder, inputs, sources } = detail;
  const command = useCommand();
  const [texts, setTexts] = useState<Texts>(() => ({
    ...startOf(inputs),
    "*branch": "",
    "*revision": "",
    "*reason": "",
  }));
  const [problems, setProblems] = useState<Record<string, string>>({});
  const set = (name: string) => (value: string | boolean) =>
    setTexts((before) => ({ ...before, [name]: value }));
  const text = (name: string) => String(texts[name] ?? "");
  const [source] = sources;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readInputs(inputs, texts);
    setProblems(read.problems);
    if (Object.keys(read.problems).length > 0) return;
    const body: ForceBody = {
      reason: text("*reason").trim(),
      inputs: read.values,
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
            <Field
              label="Branch"
              value={text("*branch")}
              onChange={set("*branch")}
              placeholder={source.default_branch ?? ""}
              suggestions={source.branches}
            />
            <Field
              label="Revision"
              value={text("*revision")}
              onChange={set("*revision")}
              placeholder="newest"
              isMono
            />
          </div>
        )}
        {inputs.map((input) => (
          <InputField
            key={input.name}
            input={input}
            value={texts[input.name] ?? ""}
            onChange={set(input.name)}
            problem={problems[input.name]}
          />
        ))}
        <Field
          label="Reason"
          value={text("*reason")}
          onChange={set("*reason")}
          placeholder="for the history"
        />
        {command.error && <ProblemNote problem={command.error} />}
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

type InputFieldProps = {
  input: Input;
  value: string | boolean;
  onChange(value: string | boolean): void;
  problem: string | undefined;
};

function InputField({ input, value, onChange, problem }: InputFieldProps) {
  const { name, type, description, required } = input;
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
    return (
      <Choice
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
    <Field
      label={name}
      description={type === "list" ? `${description} One value a line.`.trim() : description}
      isRequired={required}
      problem={problem}
      value={String(value)}
      onChange={onChange}
      isMultiline={type === "list"}
      inputMode={type === "integer" ? "numeric" : undefined}
    />
  );
}
