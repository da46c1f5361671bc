// The limits of the server: what each does, how much is in use, and a value that is applied at once.
import { useState } from 'react';
import { t } from '../../view-models/texts';
import type { LimitView } from '../../view-models/views';
import { Icon } from '../parts/Icon';
import { IconButton } from '../parts/IconButton';
import { Problem } from '../parts/Problem';
import { LimitsTable } from './LimitsTable';
import { SaveBar } from './SaveBar';

export interface LimitSection {
  title: string;
  limits: LimitView[];
}

interface Props {
  sections: LimitSection[];
  onBack: () => void;
  onApply: (changes: Record<string, number>) => Promise<{ field?: string | undefined; text: string } | undefined>;
}

export function LimitsScreen({ sections, onBack, onApply }: Props) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [filter, setFilter] = useState('');
  const [problem, setProblem] = useState<{ field?: string | undefined; text: string }>();
  const [applied, setApplied] = useState(false);
  const all = sections.flatMap((section) => section.limits);
  const changes = Object.fromEntries(
    Object.entries(typed)
      .map(([name, text]) => [name, Number(text.replace(/\D/g, ''))] as const)
      .filter(([name, value]) => all.some((limit) => limit.name === name && limit.value !== value)),
  );
  const count = Object.keys(changes).length;
  const apply = async () => {
    const failed = await onApply(changes);
    setProblem(failed);
    setApplied(failed === undefined);
    if (failed === undefined) setTyped({});
  };
  const type = (name: string, text: string) => {
    setTyped({ ...typed, [name]: text });
    setApplied(false);
  };
  const wanted = filter.trim().toLocaleLowerCase();
  return (
    <main className="stage" data-region="stage">
      <header className="bar">
        <IconButton icon="back" label={t('nav.back_plain')} className="back" onClick={onBack} />
        <div className="bar-title">
          <h1>{t('admin.limits')}</h1>
          <p className="cut">{t('admin.limits_text')}</p>
        </div>
        <label className="filter wide-only bar-filter">
          <Icon name="search" small />
          <span className="sr">{t('admin.find')}</span>
          <input placeholder={t('admin.find')} value={filter} onChange={(event) => setFilter(event.target.value)} />
        </label>
      </header>
      <div className="scroll">
        <div className="page wide">
          {sections.map((section) => (
            <LimitsTable
              key={section.title}
              title={section.title}
              limits={section.limits.filter((limit) => wanted === '' || `${limit.title} ${limit.hint}`.toLocaleLowerCase().includes(wanted))}
              typed={typed}
              changes={changes}
              problem={problem}
              onType={type}
            />
          ))}
          <Problem text={problem && !all.some((limit) => limit.name === problem.field) ? problem.text : undefined} />
          <p className="sr" role="status">
            {applied && t('admin.applied')}
          </p>
          {count > 0 && <SaveBar count={count} onDiscard={() => setTyped({})} onApply={() => void apply()} />}
        </div>
      </div>
    </main>
  );
}
