import type { ReactNode } from 'react';
import { FieldError } from 'react-aria-components/FieldError';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { TextArea } from 'react-aria-components/TextArea';
import { TextField } from 'react-aria-components/TextField';
import { messages } from '../messages.ts';

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What is the matter with it, in words. */
  readonly problem: string | undefined;
  readonly optional?: boolean;
}

interface TextLineProps extends FieldProps {
  readonly type?: 'text' | 'tel' | 'date' | 'time';
  readonly inputMode?: 'numeric' | 'decimal';
  readonly autoComplete?: string;
  readonly max?: string;
  readonly lines?: number;
}

/** A labelled line, or several, of text, a date, a time or a number. */
export function TextLine({ label, problem, optional, lines, inputMode, max, type = 'text', ...field }: TextLineProps) {
  return (
    <TextField {...field} type={type} validationBehavior="aria" isInvalid={problem !== undefined} className="field">
      <FieldLabel label={label} optional={optional ?? false} />
      {lines ? (
        <TextArea className="input" rows={lines} />
      ) : (
        <Input className="input" {...(inputMode ? { inputMode } : {})} {...(max ? { max } : {})} />
      )}
      <FieldError className="problem">{problem}</FieldError>
    </TextField>
  );
}

interface ChoiceProps extends FieldProps {
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

/** A choice of a few, all in sight. */
export function Choice({ label, problem, choices, optional: _, ...field }: ChoiceProps) {
  return (
    <RadioGroup {...field} validationBehavior="aria" isInvalid={problem !== undefined} className="field choice">
      <Label>{label}</Label>
      <div className="choices">
        {choices.map((choice) => (
          <Radio key={choice.value} value={choice.value} className="radio">
            {choice.label}
          </Radio>
        ))}
      </div>
      <FieldError className="problem">{problem}</FieldError>
    </RadioGroup>
  );
}

interface SelectLineProps extends ChoiceProps {
  readonly prompt: string;
}

/** A choice of many. The platform's own list: it fits every screen and every hand. */
export function SelectLine({ name, label, value, onChange, problem, choices, prompt }: SelectLineProps) {
  const problemId = `${name}-problem`;
  return (
    <div className="field">
      <label htmlFor={`field-${name}`}>{label}</label>
      <select
        id={`field-${name}`}
        name={name}
        className="input"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : problemId}
      >
        <option value="">{prompt}</option>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      {problem === undefined ? null : (
        <span className="problem" id={problemId}>
          {problem}
        </span>
      )}
    </div>
  );
}

function FieldLabel({ label, optional }: { readonly label: string; readonly optional: boolean }): ReactNode {
  return (
    <Label>
      {label}
      {optional ? <span className="optional"> ({messages.form.optional})</span> : null}
    </Label>
  );
}
