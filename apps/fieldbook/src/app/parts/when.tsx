import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { sayExactly, sayWhen } from '../dates.ts';
import { messages } from '../messages.ts';

/** A moment as people say it; one tap shows it exactly. */
export function When({ at }: { readonly at: string | number | null }) {
  const [exact, setExact] = useState(false);
  const moment = at === null ? null : new Date(at);
  if (moment === null || Number.isNaN(moment.getTime())) return <span className="when">{messages.when.unknown}</span>;
  const text = sayWhen(moment, new Date());
  return (
    <Button
      className="when when-button"
      aria-label={exact ? sayExactly(moment) : messages.when.showExact(text)}
      onPress={() => setExact((shown) => !shown)}
    >
      <time dateTime={moment.toISOString()}>{exact ? sayExactly(moment) : text}</time>
    </Button>
  );
}
