import { keyed } from '../keyed.ts';
import classes from './answer-card.module.css';
import type { Answer } from './answers.ts';

/** What the person chose or filled in. */
export function AnswerCard({ answer: { title, description, fields } }: { answer: Answer }) {
  return (
    <>
      <span dir="auto">{title}</span>
      {description !== undefined && (
        <span className={classes.description} dir="auto">
          {description}
        </span>
      )}
      {fields.length > 0 && (
        <dl className={classes.fields}>
          {keyed(fields).map(({ key, item: { name, value } }) => (
            <div key={key}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}
