import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { messages } from '../messages.ts';
import { Initials } from '../parts/initials.tsx';
import { fetchPeople } from './fetch-people.ts';
import type { Person } from './person.ts';
import { rememberedPeople, rememberPeople } from './remembered.ts';

const m = messages.session;

/** The first screen: a name a line. Works without a link once names have been fetched. */
export function ChoosePerson({ onChoose }: { readonly onChoose: (person: Person) => void }) {
  const { people, looking, look } = usePeople();
  return (
    <main className="gate">
      <div className="gate-head">
        <p className="brand">{messages.appName}</p>
        <h1>{m.whoAreYou}</h1>
        <p className="quiet">{m.whoHint}</p>
      </div>
      {people.length > 0 ? (
        <ul className="people" data-testid="choose-person">
          {people.map((person) => (
            <li key={person.id}>
              <Button className="person" onPress={() => onChoose(person)}>
                <Initials name={person.name} />
                <span className="person-text">
                  <span className="person-name">{person.name}</span>
                  <span className="person-role">{m[person.role]}</span>
                </span>
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <div className="gate-empty" role="status">
          <p>{looking ? m.loadingPeople : m.noPeople}</p>
          {looking ? null : (
            <Button className="button" onPress={look}>
              {m.lookAgain}
            </Button>
          )}
        </div>
      )}
    </main>
  );
}

function usePeople() {
  const [people, setPeople] = useState(rememberedPeople);
  const [round, setRound] = useState(0);
  const [answered, setAnswered] = useState(-1);
  useEffect(() => {
    let wanted = true;
    void fetchPeople().then((found) => {
      if (!wanted) return;
      if (found !== null) {
        rememberPeople(found);
        setPeople(found);
      }
      setAnswered(round);
    });
    return () => {
      wanted = false;
    };
  }, [round]);
  return { people, looking: answered !== round, look: () => setRound((before) => before + 1) };
}
