// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { ActionKind, ActionRequest, Overview, Run, RunState, RunStep } from '@/api/schema.gen';

/** Why an action makes no sense now; a person's rights are another matter. */
export type WhyNot = 'notWaiting' | 'pausedAlready' | 'rollingBack' | 'notBegun' | { sentence: string };

/** An action that a run offers, with what goes into the request. */
export interface Offer {
  action: ActionKind;
  /** undefined where it can be asked for. */
  whyNot: WhyNot | undefined;
  /** Goes into the request together with the run, so that a person acts on what they saw. */
  stepId: string | undefined;
  /** Set where the action is about one step. */
  step: string | undefined;
}

const underWay: readonly RunState[] = ['Starting', 'Running', 'Waiting', 'Paused', 'RollingBack'];

/** Says whether a run has not ended. */
export function isUnderWay(state: RunState): boolean {
  return underWay.includes(state);
}

/** The steps that do something, in order: a group is the sub steps in it. */
export function leaves(steps: RunStep[]): RunStep[] {
  return steps.flatMap((step) => (step.subSteps?.length ? leaves(step.subSteps) : [step]));
}

/** The step that a run is at: the one that waits, else the one that runs. */
export function presentStep(run: Run): RunStep | undefined {
  const steps = leaves(run.steps);
  return steps.find((s) => s.state === 'Waiting') ?? steps.find((s) => s.state === 'Running');
}

/** What can be asked of a run, in the order of the buttons; none of a run that the application has left. */
export function offers(run: Run, overview: Overview): Offer[] {
  if (!run.current) return [];
  const present = overview.next?.run === run.id ? overview.next.stepId : presentStep(run)?.id || undefined;
  const offer = (action: ActionKind, whyNot?: WhyNot): Offer => ({ action, whyNot, stepId: present, step: undefined });
  const rollback = offer('rollback', overview.rollback.possible ? undefined : { sentence: overview.rollback.why ?? '' });
  switch (run.state) {
    case 'Starting':
    case 'Running':
      return [offer('resume', 'notWaiting'), offer('suspend'), rollback, offer('terminate')];
    case 'Waiting':
    case 'Paused':
      return [offer('resume'), offer('suspend', 'pausedAlready'), rollback, offer('terminate')];
    case 'RollingBack':
      return [offer('resume', 'rollingBack'), offer('suspend', 'rollingBack'), offer('rollback', 'rollingBack'), offer('terminate')];
    case 'Failed':
    case 'Terminated':
      return [rollback, restart(run)];
    default: // at rest: Revisions is the way to go back
      return [];
  }
}

/** From the step that failed where there is one, else from the start. */
function restart(run: Run): Offer {
  const failed = leaves(run.steps).find((s) => s.state === 'Failed' && s.id);
  return { action: 'restart', whyNot: undefined, stepId: failed?.id, step: failed?.name };
}

/** The body of the request, with the reason in the person's words. */
export function requestOf(offer: Offer, reason: string): ActionRequest {
  const words = reason.trim();
  return {
    action: offer.action,
    ...(offer.stepId ? { stepId: offer.stepId } : {}),
    ...(offer.step ? { step: offer.step } : {}),
    ...(words ? { reason: words } : {}),
  };
}
