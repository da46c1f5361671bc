import type { QuoteView } from '../../view-models/views';
import { Icon } from '../parts/Icon';

/** What a message answers to; a click goes there. */
export function Quote({ quote, onGo }: { quote: QuoteView; onGo: (key: string) => void }) {
  return (
    <button type="button" className="quote" onClick={() => onGo(quote.key)}>
      <Icon name="reply" small />
      <b>
        <bdi>{quote.author}</bdi>
      </b>
      <span className="cut" dir="auto">
        {quote.text}
      </span>
    </button>
  );
}
