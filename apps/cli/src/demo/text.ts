import type { Random } from './random.js';

/** What people and agents of an invented wholesaler write each other. New text is woven from its words. */
const corpus = `
the delivery of order four hundred arrived two days late and one pallet was damaged on the way .
please check the invoice against the purchase order and tell me which lines do not match .
the customer asks for a refund because the pump was delivered without the sealing rings .
i have compared both documents and found three lines where the quantity differs from the order .
the supplier confirmed that the missing parts leave the warehouse on monday morning .
according to the contract a refund needs the approval of a manager when it is above five hundred euro .
the attached report sums up the complaints of the last month and names the most frequent causes .
we should offer the customer a replacement and ask the carrier for a statement about the damage .
the forecast for the next quarter shows that the stock of bearings will run out in the third week .
please write a short and friendly answer that explains the delay and gives the new delivery date .
the price list was changed last week and the old prices are still used in the shop .
i could not reach the accounting system because the connection timed out after thirty seconds .
the invoice was paid twice and the second payment has to be sent back to the bank account of the customer .
our terms of delivery say that the risk passes to the buyer when the goods leave the warehouse .
the sensor in hall two reports a temperature above the limit for the third time this week .
the order contains dangerous goods and must not be shipped together with food .
thank you for your message we are looking into the matter and will come back to you today .
the carrier needs the exact weight and the dimensions of each pallet before noon .
there are four open tickets of the same customer and all of them concern the delivery of last thursday .
the agent has read the manual and suggests to replace the valve before the next inspection .
please translate the answer into french and keep the technical terms as they are in the catalogue .
the analysis of the log shows that the failure began after the update of the booking system .
the customer has been with us for eleven years and has never paid an invoice late .
a manager has to decide whether we waive the cost of the express shipment .
the quality report lists two batches with a deviation of more than three percent .
i recommend to reorder six hundred units because the supplier needs four weeks at present .
the meeting is moved to wednesday and the agenda stays the same .
the summary should name the risk , the cost and the next step for each of the open points .
all figures were taken from the booking system and rounded to full euro .
the claim was refused because the photographs do not show the label of the package .
`;

/** Words that may follow each word, as often as they do in the corpus. */
const followers: ReadonlyMap<string, readonly string[]> = (() => {
  const words = corpus.split(/\s+/).filter((word) => word !== '');
  const map = new Map<string, string[]>();
  words.forEach((word, index) => {
    const next = words[index + 1];
    if (next === undefined) return;
    const known = map.get(word);
    if (known === undefined) map.set(word, [next]);
    else known.push(next);
  });
  return map;
})();

const sentenceWordsMax = 40;

/** Text of at least `bytes` bytes, ended at the end of a sentence. */
export function textOf(random: Random, bytes: number): string {
  let text = sentence(random);
  while (text.length < bytes) text += ` ${sentence(random)}`;
  return text;
}

/** Text as long as what people write to agents, or agents to people: median in bytes, a few many times that. */
export function messageText(random: Random, medianBytes: number): string {
  return textOf(random, Math.min(32_000, Math.round(random.logNormal(medianBytes, 0.8))));
}

function sentence(random: Random): string {
  const words: string[] = [];
  let word = random.pick(followers.get('.') ?? ['the']);
  while (word !== '.' && words.length < sentenceWordsMax) {
    words.push(word);
    word = random.pick(followers.get(word) ?? ['.']);
  }
  const text = words.join(' ').replaceAll(' ,', ',');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
