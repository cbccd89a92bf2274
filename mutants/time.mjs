/** Clocks and stamps. */
const STAMP = 'packages/core/src/time/stamp.ts';
const CLOCK = 'packages/device/src/engine/device-clock.ts';

export const timeMutants = [
  {
    name: 'no-clamp',
    stands: 'D1, D2, CF10: a stamp from the far future wins for ever',
    file: 'packages/server/src/exchange/create-exchange.ts',
    edits: [['clamp: (stamp) => clamp(stamp, now, maxDriftMs),', 'clamp: (stamp) => clamp(stamp, now, 1e15),']],
    by: ['packages/server/src/exchange/create-exchange.test.ts'],
  },
  {
    name: 'clock-ratchet',
    stands: 'D3: one reading from years ahead stays for ever',
    file: CLOCK,
    edits: [['serverNowMs, MOST_AHEAD_MS);', 'serverNowMs, 1e3 * MOST_AHEAD_MS ** 2);']],
    by: ['packages/device/src/engine/surprising-writes.test.ts'],
  },
  {
    name: 'clock-goes-back',
    stands: 'D4: a clock that was put back stamps earlier than before',
    file: STAMP,
    edits: [['return now > last ? now : stampAfter(last);', 'return now === last ? stampAfter(last) : now;']],
    by: ['packages/core/src/time/stamp.test.ts'],
  },
  {
    name: 'clock-forgotten-at-restart',
    stands: 'D4: what the clock last said is not in the store',
    file: CLOCK,
    edits: [["if (typeof stored === 'string') last = observe(last, stored as Stamp);", '']],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'counter-overflows',
    stands: 'D5: a full counter does not carry',
    file: STAMP,
    edits: [
      [
        'counter < MAX_COUNTER ? stampOf(stampMs(stamp), counter + 1)',
        'counter >= 0 ? stampOf(stampMs(stamp), counter + 1)',
      ],
    ],
    by: ['packages/core/src/time/stamp.test.ts'],
  },
  {
    name: 'tie-unbroken',
    stands: 'D6: of equal stamps whoever comes last wins',
    file: 'packages/core/src/merge/decide.ts',
    edits: [
      [
        'return stamp !== mark.stamp ? stamp > mark.stamp : tie > mark.tie;',
        'return stamp >= mark.stamp || tie === mark.tie;',
      ],
    ],
    by: ['packages/core/src/merge/decide.test.ts'],
  },
  {
    name: 'clock-uncorrected',
    stands: 'CF10: the server’s time is not taken over',
    file: CLOCK,
    edits: [['last = tick(last, clock.now() + offsetMs);', 'last = tick(last, clock.now());']],
    by: ['packages/device/src/engine/surprising-writes.test.ts'],
  },
  {
    name: 'pulled-stamp-not-passed',
    stands: 'CF11: a write upon a pulled value is stamped earlier than that',
    file: CLOCK,
    edits: [
      [
        'clamp(observe(observe(last, row?.clock as Stamp), pulled),',
        'clamp(observe(last, observe(row?.clock as Stamp, last > pulled ? pulled : last)),',
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
];
