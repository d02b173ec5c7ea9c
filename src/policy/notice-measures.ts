/** The reading ease of every notice of a policy, in every language that it is given in: for the rule `notice.hard` and for what `fairlead check` prints. */
import { type NoticeLanguage, type Policy, noticeLanguages } from './policy.ts';
import { type ReadingEase, readingEase } from './reading-ease.ts';

export interface NoticeMeasure {
  readonly purpose: string;
  readonly language: NoticeLanguage;
  /** Where the notice stands in the policy. */
  readonly path: readonly string[];
  /** Undefined for a notice that is too short to be measured. */
  readonly ease: ReadingEase | undefined;
}

export function noticeMeasures(policy: Policy): NoticeMeasure[] {
  const own = policy.controller.language ?? 'en';
  return Object.entries(policy.purposes).flatMap(([purpose, declared]) =>
    noticeLanguages.flatMap((language) => {
      const isOwn = language === own;
      const notice = isOwn ? declared.notice : declared.languages?.[language]?.notice;
      if (notice === undefined) return [];
      const path = ['purposes', purpose, ...(isOwn ? ['notice'] : ['languages', language, 'notice'])];
      return [{ purpose, language, path, ease: readingEase(notice, language) }];
    }),
  );
}
