import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';
import { Button } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { messages } from '../messages.ts';
import { BackLink } from '../parts/back-link.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import type { Route } from '../route.ts';
import type { FieldProblems } from './field-problems.ts';

const m = messages.form;

interface FormPageProps {
  readonly title: string;
  readonly back: Route;
  readonly problems: FieldProblems;
  /** Why nothing was saved, where that is no field's fault. */
  readonly failure: string | null;
  readonly saving: boolean;
  readonly onSave: () => void;
  readonly children: ReactNode;
}

/** A form with its heading, what is the matter with it, and Save within the thumb's reach. */
export function FormPage({ title, back, problems, failure, saving, onSave, children }: FormPageProps) {
  const form = useRef<HTMLFormElement>(null);
  const count = Object.keys(problems).length;
  const submitted = useRef(false);

  // After a save that found something, the first such field takes the focus, and its words are read out.
  useEffect(() => {
    if (!submitted.current || count === 0) return;
    submitted.current = false;
    const first = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input');
    first?.focus();
  }, [count]);

  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    submitted.current = true;
    onSave();
  };
  return (
    <div className="page">
      <BackLink to={back} always>
        {m.cancel}
      </BackLink>
      <PageHeading>{title}</PageHeading>
      <Form ref={form} className="form" onSubmit={onSubmit} validationBehavior="aria">
        <p className="problems" role="alert" hidden={count === 0 && failure === null}>
          {failure ?? (count > 0 ? m.problems(count) : '')}
        </p>
        {children}
        <div className="actions">
          <Button type="submit" className="button primary" isPending={saving} data-testid="save">
            {m.save}
          </Button>
        </div>
      </Form>
    </div>
  );
}
