// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

// load is what the two laws are about: pods that are asked for, pods that can serve, and the share of the traffic.
type load struct {
	replicas       int32 // of the workload in all
	surge          int32 // pods beyond replicas
	extra          bool  // the pods of the new version come on top of those of the stable one
	slack          int32 // pods that may be missing; only where surge is 0
	goal           goal
	canary, stable int32 // asked for now
	// canaryReady and stableReady can serve: ready, and seen by every router that tells.
	canaryReady, stableReady int32
	// enough is how many ready pods of the new version make its step.
	enough int32
	routed bool
	// apart says that a version gets its share only: the user's route leads to the stable version's own Service.
	apart bool
	// weight is what is written; low and high bound what any router may be serving.
	weight, low, high            int32
	stableDrained, canaryDrained bool
	// inPlace says that canary and stable are replicas in all (inplace.go); idle pods are next to be replaced and serve nothing;
	// newReady are of a third version.
	inPlace, upOnly                  bool
	canaryIdle, stableIdle, newReady int32
}

// next is what a load becomes by one safe move.
type next struct {
	canary, stable, weight int32
}

// ceiling is how many pods there may be in all. A goal may ask for more than the surge allows (one replica at 20 % is two
// pods); then the goal is the ceiling.
//
// The first pod of a version comes on top even without a surge: the native controller grows a ReplicaSet that is the only
// one with pods back to the full size, paused or not, so room can't be made before there are two.
func (l load) ceiling() int32 {
	top := max(l.replicas+l.surge, l.goal.canary+l.goal.stable)
	if l.extra {
		top = max(top, l.replicas+l.goal.canary)
	}
	first := l.canary == 0 || l.stable == 0
	last := l.routed && (l.stable == 1 && l.goal.stable == 0 || l.canary == 1 && l.goal.canary == 0)
	if l.surge == 0 && (first || last) {
		top = max(top, l.replicas+1)
	}
	return top
}

// canaryFull says that the pods of the step can serve.
func (l load) canaryFull() bool {
	return l.canary >= l.goal.canary && l.canaryReady >= l.enough
}

// stableFull says that the stable pods that the goal keeps can serve.
func (l load) stableFull() bool { return l.stableReady >= l.goal.stable }

// step gives the next safe move towards the goal.
//
// Up: each version grows as far as the ceiling allows; its share of the traffic follows what is ready. It follows in part
// only where pods can't grow otherwise, so that a step costs one write of the weight as a rule.
// Down: a version shrinks to what the share that any router may still send it needs, and to nothing only when nothing is
// in flight there.
func (l load) step() next {
	if l.replicas == 0 {
		return next{weight: l.weight}
	}
	if l.inPlace {
		return l.replace()
	}
	n := l.grow()
	if l.routed {
		n.weight = l.shift(n)
	}
	n.stable, n.canary = l.shrink(n)
	return n
}

func (l load) grow() next {
	n := next{canary: l.canary, stable: l.stable, weight: l.weight}
	if l.canary < l.goal.canary {
		n.canary = min(l.goal.canary, max(l.canary, l.ceiling()-l.stable))
	}
	if l.stable < l.goal.stable {
		n.stable = min(l.goal.stable, max(l.stable, l.ceiling()-n.canary))
	}
	return n
}

// canaryStuck and stableStuck say that a version wants more pods, gets none for lack of room, and has all it got ready.
func (l load) canaryStuck(n next) bool {
	return l.canary < l.goal.canary && n.canary == l.canary && l.canaryReady >= l.canary
}

func (l load) stableStuck(n next) bool {
	return l.stable < l.goal.stable && n.stable == l.stable && l.stableReady >= l.stable
}

func (l load) canaryShare() int32 { return min(100*l.canaryReady/l.replicas, 100) }
func (l load) stableShare() int32 { return min(100*l.stableReady/l.replicas, 100) }

func (l load) shift(n next) int32 {
	switch want := l.goal.weight; {
	case want > l.weight && l.canaryFull():
		return want
	case want > l.weight && l.canaryStuck(n):
		return max(l.weight, min(want, l.canaryShare()))
	case want < l.weight && l.stableFull():
		return want
	case want < l.weight && l.stableStuck(n):
		return min(l.weight, max(want, 100-l.stableShare()))
	}
	return l.weight
}

// shrink gives the sizes of both versions after what is safe to remove was removed.
func (l load) shrink(n next) (stable, canary int32) {
	stableFloor, canaryFloor := l.floors(n)
	stable, canary = n.stable, n.canary
	if l.stable > stableFloor && (stableFloor > 0 || !l.routed || l.stableDrained) {
		stable = stableFloor
	}
	if l.canary > canaryFloor && (canaryFloor > 0 || !l.routed || l.canaryDrained) {
		canary = canaryFloor
	}
	// Without a surge the room for the new pod is made first, out of what may be missing (maxUnavailable).
	if l.slack > 0 && l.canaryStuck(n) && stable == l.stable {
		stable = min(stable, l.spare(stableFloor, l.goal.stable, l.stable, l.goal.canary-l.canary, l.canaryReady, l.low < 100))
	}
	if l.slack > 0 && l.stableStuck(n) && canary == l.canary {
		canary = min(canary, l.spare(canaryFloor, l.goal.canary, l.canary, l.goal.stable-l.stable, l.stableReady, l.high > 0))
	}
	return stable, canary
}

// floors are the sizes that the versions must keep for what they may still be sent.
func (l load) floors(n next) (stable, canary int32) {
	stable = max(l.goal.stable, l.stableNeeds())
	canary = max(l.goal.canary, l.canaryNeeds())
	if !l.routed {
		return stable, canary
	}
	if l.high <= l.goal.weight {
		// A step may ask fewer pods to carry its share; that is for who wrote it to say.
		canary = l.goal.canary
	}
	// Shares are whole percents: where a pod is less than one, the ready pods of the other version make the room.
	if !l.extra && l.canaryStuck(n) && l.canaryShare() <= l.low {
		stable = max(l.goal.stable, min(stable, l.replicas-l.canaryReady))
	}
	if l.stableStuck(n) && 100-l.stableShare() >= l.high {
		canary = max(l.goal.canary, min(canary, l.replicas-l.stableReady))
	}
	return stable, canary
}

// stableNeeds and canaryNeeds give the pods without which a version could not carry what it may still be sent. Without
// routes traffic goes where pods are, so that in all there must be as many as the workload asks for. Where the pods of the
// new version come on top, the stable one keeps all of its own until it is not needed at all.
func (l load) stableNeeds() int32 {
	if l.extra && (l.routed && l.low < 100 || !l.routed && !l.canaryFull()) {
		return l.replicas
	}
	if l.routed {
		return carries(l.replicas, 100-l.low)
	}
	return max(l.replicas-l.canaryReady, 0)
}

func (l load) canaryNeeds() int32 {
	if l.routed {
		return carries(l.replicas, l.high)
	}
	return max(l.replicas-l.stableReady, 0)
}

// spare gives the size to which a version may shrink to make room for `room` pods of the other one, of which `ready`
// can serve.
func (l load) spare(floor, goal, size, room, ready int32, serving bool) int32 {
	to := max(floor-l.slack, l.replicas-l.slack-ready, size-room, goal, 0)
	if l.routed && serving {
		to = max(to, 1)
	}
	return to
}

// withdraw gives the next move that takes the new version back: the traffic leaves it at once if the stable version can
// serve at all, the stable version grows to its full size at once, and the pods go when nothing is in flight there.
func (l load) withdraw() next {
	n := next{canary: l.canary, stable: l.replicas, weight: l.weight}
	if l.replicas == 0 { // there is nobody whom the traffic could be left to
		n.canary, n.weight = 0, 0
		return n
	}
	if l.inPlace {
		return l.handBack()
	}
	if l.routed && l.stableReady > 0 {
		n.weight = 0
	}
	if !l.routed || !l.apart && l.weight == 0 && l.high == 0 {
		// Requests go where pods are, so as many must stay as the stable version lacks.
		n.canary = min(l.canary, max(l.replicas-l.stableReady, 0))
		return n
	}
	if l.weight == 0 && l.high == 0 && l.canaryDrained {
		n.canary = 0
	}
	return n
}
