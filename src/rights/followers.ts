/** What the rooms above deciding do when somebody is forgotten, in one place, so that no door can open an engine that forgets less. */
import type { Installation } from '../consent/installation.ts';
import type { Follower } from '../people/forget.ts';
import { forgetHandOvers } from '../sending/hand-overs.ts';
import { forgetComplaints } from './complaints.ts';

export function followersOf(installation: Installation): readonly Follower[] {
  return [forgetHandOvers(installation), forgetComplaints(installation)];
}
