// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// goal is what a step asks for, in numbers.
type goal struct {
	canary int32 // pods of the new version
	stable int32 // pods of the stable version
	weight int32 // percent of the traffic on the new version
}

// PlanHash names the part of the plan that a change of which means another goal: traffic and replicas of the steps, and the
// routes. Pauses and the failure threshold may be edited without disturbing a step (kruise-rollouts.md 2.2).
func PlanHash(spec v1beta1.RolloutSpec) string {
	plan := spec.Strategy.Plan().DeepCopy()
	if plan == nil {
		return ""
	}
	plan.FailureThreshold, plan.ScaleDownDelaySeconds, plan.ProgressDeadlineSeconds, plan.ProgressDeadlineAbort = nil, nil, nil, false
	for i := range plan.Steps {
		plan.Steps[i].Pause = v1beta1.Pause{}
	}
	// Marshalling plain structs can't fail.
	text, _ := json.Marshal(plan)
	text = append(text, spec.ReleaseID...)
	if style := spec.Strategy.Style(); style == v1beta1.StyleBlueGreen {
		text = append(text, style...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// percent reads "20%".
func percent(s string) (int32, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(s, "%"), 10, 32)
	if err != nil {
		return 0, false
	}
	return int32(min(max(n, 0), 100)), true
}

// canaryPods gives the pods of a step: a number, or a percentage rounded up; as the traffic where only that is given.
func canaryPods(s v1beta1.Step, replicas int32) int32 {
	want := s.Replicas
	if want == nil && s.Traffic != nil {
		want = &intstr.IntOrString{Type: intstr.String, StrVal: *s.Traffic}
	}
	if want == nil {
		return replicas
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(want, int(replicas), true)
	if err != nil {
		return 0
	}
	return int32(min(max(n, 0), int(replicas)))
}

// resolve gives the goal of a step for a workload of that many replicas. A version that is to have traffic has at least
// one pod, so one replica at 20 % means one pod of each. Without a share of its own a step's traffic is that of its pods; with
// blue-green it is nothing.
func resolve(s v1beta1.Step, replicas int32, routed bool, style v1beta1.Style) goal {
	if replicas <= 0 {
		return goal{}
	}
	g := goal{canary: canaryPods(s, replicas)}
	if style != v1beta1.StylePartition {
		g.stable = replicas
	}
	if !routed {
		g.stable = max(g.stable, replicas-g.canary)
		return g
	}
	if g.weight = 100 * g.canary / replicas; len(s.Matches) > 0 || style == v1beta1.StyleBlueGreen {
		g.weight = 0
	}
	if s.Traffic != nil {
		if w, ok := percent(*s.Traffic); ok {
			g.weight = w
		}
	}
	if g.weight > 0 || len(s.Matches) > 0 {
		g.canary = max(g.canary, 1)
	}
	g.stable = max(g.stable, replicas-g.canary, carries(replicas, 100-g.weight))
	return g
}

// sameMatches compares by what they mean: the order of matches, the case of header names, and a type that is the default
// make no difference.
func sameMatches(a, b []v1beta1.HTTPRouteMatch) bool {
	return slices.Equal(meanings(a), meanings(b))
}

func sameModifier(a, b *gatewayv1.HTTPHeaderFilter) bool { return equality.Semantic.DeepEqual(a, b) }

func meanings(all []v1beta1.HTTPRouteMatch) []string {
	var texts []string
	for _, m := range all {
		var headers []string // and query parameters
		for _, h := range m.Headers {
			kind := gatewayv1.HeaderMatchExact
			if h.Type != nil {
				kind = *h.Type
			}
			headers = append(headers, fmt.Sprintf("%s %s %q", strings.ToLower(string(h.Name)), kind, h.Value))
		}
		for _, q := range m.QueryParams {
			kind := gatewayv1.QueryParamMatchExact
			if q.Type != nil {
				kind = *q.Type
			}
			headers = append(headers, fmt.Sprintf("?%s %s %q", q.Name, kind, q.Value))
		}
		slices.Sort(headers)
		texts = append(texts, pathMeaning(m.Path)+strings.Join(headers, " and "))
	}
	slices.Sort(texts)
	return texts
}

// pathMeaning is the same for paths that lead the same requests; empty for any path.
func pathMeaning(p *gatewayv1.HTTPPathMatch) string {
	if p == nil {
		return ""
	}
	kind, value := gatewayv1.PathMatchPathPrefix, "/"
	if p.Type != nil {
		kind = *p.Type
	}
	if p.Value != nil {
		value = *p.Value
	}
	if kind == gatewayv1.PathMatchPathPrefix {
		if value = strings.TrimRight(value, "/"); value == "" {
			return ""
		}
	}
	return fmt.Sprintf("%s %q ", kind, value)
}

// everything is the goal after the last step.
func everything(replicas int32, routed bool) goal {
	if !routed {
		return goal{canary: replicas}
	}
	return goal{canary: replicas, weight: 100}
}

// carries gives the pods that a share of the traffic needs: its part of the replicas rounded down (one pod of slack, as a
// step rounds up for the other version), and at least one.
func carries(replicas, share int32) int32 {
	if share <= 0 || replicas <= 0 {
		return 0
	}
	return max(replicas*share/100, 1)
}

// resume gives the step (from 1) to be at after the plan was edited: the first whose pods are not fewer than there are already
// (kruise-rollouts.md 2.6), or the current one where that asks for as many and for no more of the traffic than was approved. An
// edit is no approval: where only a step for everybody is left it is the one before that. A plan of a single step goes on by its
// edit, which is how the workflow of an Application approves.
func (l look) resume(steps []v1beta1.Step, current, pods int32) int32 {
	count, approved := int32(len(steps)), int32(0)
	if w := l.stored().DesiredWeight; w != nil {
		approved = *w
	}
	first := count
	for i := range steps {
		if l.resolve(steps[i]).canary >= pods {
			first = int32(i) + 1
			break
		}
	}
	current = min(max(current, 1), count)
	if now := l.resolve(steps[current-1]); now.canary == l.resolve(steps[first-1]).canary && now.weight <= approved {
		return current
	}
	if first > 1 && l.whole(steps[first-1]) {
		return first - 1
	}
	return first
}
