import { useId } from "react";
import {
  Checkbox,
  CheckboxGroup,
  FieldError,
  Input,
  Label,
  Text,
  TextArea,
  TextField,
} from "react-aria-components";

type FieldProps = {
  label: string;
  description?: string;
  isRequired?: boolean;
  problem?: string | undefined;
  value: string;
  onChange(value: string): void;
};

type TextInputProps = FieldProps & {
  placeholder?: string;
  isMono?: boolean;
  isMultiline?: boolean;
  inputMode?: "numeric" | undefined;
  suggestions?: readonly string[];
};

/** A labelled text input with its description and its error. */
export function TextInput(props: TextInputProps) {
  const {
    label,
    description,
    isRequired = false,
    problem,
    value,
    onChange,
    placeholder,
    isMono,
    isMultiline,
    inputMode,
    suggestions,
  } = props;
  const listId = useId();
  const className = isMono ? "input mono" : "input";
  return (
    <TextField
      className="field"
      value={value}
      onChange={onChange}
      isRequired={isRequired}
      isInvalid={problem !== undefined}
    >
      <Label>
        {label}
        {isRequired && <span className="muted"> (required)</span>}
      </Label>
      {isMultiline ? (
        <TextArea className={className} rows={3} placeholder={placeholder} />
      ) : (
        <Input
          className={className}
          placeholder={placeholder}
          inputMode={inputMode}
          list={suggestions?.length ? listId : undefined}
        />
      )}
      {suggestions && suggestions.length > 0 && (
        <datalist id={listId}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
      {description && (
        <Text slot="description" className="description">
          {description}
        </Text>
      )}
      <FieldError className="error">{problem}</FieldError>
    </TextField>
  );
}

/** A labelled choice of one value: the native select, which phones and screen readers handle best. */
export function SelectField({
  label,
  description,
  isRequired = false,
  problem,
  value,
  onChange,
  choices,
}: FieldProps & { choices: readonly string[] }) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {isRequired && <span className="muted"> (required)</span>}
      </label>
      <select
        className="input"
        id={id}
        value={value}
        required={isRequired}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-description ${id}-error`}
        onChange={({ target }) => onChange(target.value)}
      >
        {value === "" && <option value="">Choose…</option>}
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
      {description && (
        <span className="description" id={`${id}-description`}>
          {description}
        </span>
      )}
      {problem && (
        <span className="error" id={`${id}-error`}>
          {problem}
        </span>
      )}
    </div>
  );
}

/** A labelled choice of any number of values: `value` has those that are chosen, a line each, in the order of `choices`. */
export function ChoicesField({
  label,
  description,
  isRequired = false,
  problem,
  value,
  onChange,
  choices,
}: FieldProps & { choices: readonly string[] }) {
  const chosen = value === "" ? [] : value.split("\n");
  return (
    <CheckboxGroup
      className="field"
      value={chosen}
      onChange={(values) => onChange(choices.filter((choice) => values.includes(choice)).join("\n"))}
      isRequired={isRequired}
      isInvalid={problem !== undefined}
    >
      <Label>
        {label}
        {isRequired && <span className="muted"> (required)</span>}
      </Label>
      {choices.map((choice) => (
        <Checkbox className="checkbox" value={choice} key={choice}>
          <span className="box" aria-hidden="true">
            ✓
          </span>
          {choice}
        </Checkbox>
      ))}
      {description && (
        <Text slot="description" className="description">
          {description}
        </Text>
      )}
      <FieldError className="error">{problem}</FieldError>
    </CheckboxGroup>
  );
}
