import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  bob,
  createContact,
  decideAs,
  device,
  dose,
  eve,
  make,
  resetWorld,
  scope,
  send,
  updateContact,
  v,
} from '../../test/decide-world.ts';

beforeEach(resetWorld);

describe('permission', () => {
  test('[SV5] a create outside the scopes of its writer is forbidden', () => {
    expect(send(ada, [createContact('c1', { mentorId: 'bob' })])).toEqual(['refused:forbidden']);
    expect(send(ada, [createContact('c1', { mentorId: null })])).toEqual(['refused:forbidden']);
  });

  test('[SV5] no answer tells whether a record exists that the writer may not see', () => {
    send(bob, [createContact('c1', { mentorId: 'bob' })], device(2));
    const answers = ['c1', 'nothing'].flatMap((record) =>
      [
        make.update({ collection: 'contacts', record, values: { name: 'X' }, base: v(1) }),
        make.delete({ collection: 'contacts', record, base: v(1) }),
        make.update({ collection: 'contacts', record, values: { name: '' }, base: v(1) }),
        make.update({ collection: 'contacts', record, values: { mentorId: 'ada' }, base: v(1) }),
      ].map((mutation) => JSON.stringify({ ...decideAs(ada, [mutation]).receipts[0], id: null })),
    );
    expect(answers.slice(0, 4)).toEqual(answers.slice(4));
    expect(answers[0]).toContain('"gone"');
    expect(answers[2]).toContain('"invalid"');
  });

  test('[SV5] a record cannot be moved to where its writer sees nothing', () => {
    send(ada, [createContact()]);
    expect(send(ada, [updateContact({ mentorId: 'bob' }, 1)])).toEqual(['refused:forbidden']);
    expect(send(eve, [updateContact({ mentorId: 'bob' }, 1)], device(2))).toEqual(['applied']);
    expect(send(ada, [updateContact({ name: 'X' }, 2)])).toEqual(['refused:gone']);
  });

  test('[SV5] what was moved away earlier in the same exchange is seen where it is now', () => {
    send(eve, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    const move = updateContact({ mentorId: 'bob' }, 1);
    const change = make.update({ collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1) });
    const narrow = { ...eve, scopes: [scope('mentor:ada'), scope('mentor:bob')] };
    expect(send(narrow, [move, change], device(2))).toEqual(['applied', 'applied']);
    const later = make.update({ collection: 'doses', record: 'd1', values: { drug: 'q' }, base: v(2) });
    expect(send(ada, [later])).toEqual(['refused:gone']);
  });

  test('[SV5] a child stands in its parent: one whose parent is not seen is forbidden, as if there were none', () => {
    send(bob, [createContact('c1', { mentorId: 'bob' })], device(2));
    const under = (contactId: string) => {
      const child = make.create({ collection: 'doses', record: 'd1', values: dose({ contactId }) });
      return JSON.stringify({ ...decideAs(ada, [child]).receipts[0], id: null });
    };
    expect(under('c1')).toBe(under('nothing'));
    expect(under('c1')).toContain('"forbidden"');
  });

  test('[SV5] writers: only these roles may write; who cannot see a record learns nothing of it either', () => {
    const rule = (record: string) => make.create({ collection: 'rules', record, values: { text: 'a' } });
    expect(send(ada, [rule('r1')])).toEqual(['refused:forbidden']);
    expect(send({ ...eve, role: null }, [rule('r1')])).toEqual(['refused:forbidden']);
    expect(send(eve, [rule('r1')])).toEqual(['applied']);
    const change = () => make.update({ collection: 'rules', record: 'r1', values: { text: 'b' }, base: v(1) });
    expect(send(ada, [change()])).toEqual(['refused:forbidden']);
    expect(send({ ...ada, scopes: [scope('mentor:ada')] }, [change()])).toEqual(['refused:gone']);
  });

  test('[SV5] an id that exists is refused as such only to who could have made it', () => {
    send(bob, [createContact('c1', { mentorId: 'bob' })], device(2));
    expect(send(ada, [createContact('c1', { mentorId: 'bob' })])).toEqual(['refused:forbidden']);
    expect(send(ada, [createContact('c1')])).toEqual(['refused:exists']);
  });

  test('[SV5] what was seen before an exchange can be deleted in it, also after its parent', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    const parent = make.delete({ collection: 'contacts', record: 'c1', base: v(1) });
    const child = () => make.delete({ collection: 'doses', record: 'd1', base: v(1) });
    expect(decideAs(ada, [parent, child()]).receipts).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }]);
    expect(send(ada, [parent])).toEqual(['applied']);
    expect(send(ada, [child()])).toEqual(['refused:gone']);
  });

  test('[CF9, SV5] a deleted record is known to those who could see it when it was deleted', () => {
    send(ada, [createContact(), make.create({ collection: 'doses', record: 'd1', values: dose() })]);
    send(ada, [make.delete({ collection: 'doses', record: 'd1', base: v(1) })]);
    const late = () => make.update({ collection: 'doses', record: 'd1', values: { drug: 'z' }, base: v(1) });
    expect(send(bob, [late()], device(3))).toEqual(['refused:gone']);
    expect(send(eve, [late()], device(2))).toEqual(['conflict']);
  });
});
