// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/vela-rollouts/vela/internal/server/api"
)

const (
	// most versions of a topic that are kept for clients that are behind, and how many bytes of them.
	ringLength = 16
	ringBytes  = 1 << 20
)

// version is one state of a topic, which does not change.
type version struct {
	seq uint64
	doc []byte // nil: the topic is gone

	mu sync.Mutex
	// made are the events that lead to this version, by the version that they lead from: the same bytes for all who had that.
	made map[uint64][]byte
}

// history is the last versions of one topic, in rising order. One goroutine adds to it, under a lock that readers take too.
type history struct {
	topic    string
	unsteady []string
	ring     []*version
}

// news says that doc, which is JSON or nil when the topic is gone, is not what the present version says.
func (h *history) news(doc []byte) (bool, error) {
	if len(h.ring) == 0 {
		return true, nil
	}
	old := h.ring[len(h.ring)-1].doc
	if bytes.Equal(old, doc) || old == nil || doc == nil || len(h.unsteady) == 0 {
		return !bytes.Equal(old, doc) || (old == nil) != (doc == nil), nil
	}
	var steady [2][]byte
	for i, doc := range [][]byte{old, doc} {
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal(doc, &members); err != nil {
			return false, fmt.Errorf("comparing versions of %s: %w", h.topic, err)
		}
		for _, name := range h.unsteady {
			delete(members, name)
		}
		var err error
		if steady[i], err = json.Marshal(members); err != nil {
			return false, fmt.Errorf("comparing versions of %s: %w", h.topic, err)
		}
	}
	return !bytes.Equal(steady[0], steady[1]), nil
}

// add makes doc the present version, and forgets the oldest ones where there are too many.
func (h *history) add(seq uint64, doc []byte) {
	h.ring = append(h.ring, &version{seq: seq, doc: doc, made: map[uint64][]byte{}})
	total, keep := 0, 0
	for keep < len(h.ring) && keep < ringLength {
		total += len(h.ring[len(h.ring)-1-keep].doc)
		if keep > 0 && total > ringBytes {
			break
		}
		keep++
	}
	h.ring = slices.Delete(h.ring, 0, len(h.ring)-keep)
}

// latest is the seq of the present version; 0: there is none yet.
func (h *history) latest() uint64 {
	if len(h.ring) == 0 {
		return 0
	}
	return h.ring[len(h.ring)-1].seq
}

func (h *history) seqs() []uint64 {
	all := make([]uint64, len(h.ring))
	for i := range h.ring {
		all[i] = h.ring[i].seq
	}
	return all
}

// step leads a client from what it has, nil where that is nothing or too old, to the present version.
type step struct {
	topic    string
	from, to *version
}

// from is the step for a client that had a version.
func (h *history) from(had uint64) step {
	s := step{topic: h.topic, to: h.ring[len(h.ring)-1]}
	if i := slices.IndexFunc(h.ring, func(v *version) bool { return v.seq == had && v.doc != nil }); i >= 0 && s.to.doc != nil {
		s.from = h.ring[i]
	}
	return s
}

// bytes are the event of a step: a patch, a snapshot, or that the topic is gone.
func (s step) bytes() ([]byte, error) {
	var had uint64
	if s.from != nil {
		had = s.from.seq
	}
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	if made, ok := s.to.made[had]; ok {
		return made, nil
	}
	event := api.StreamEvent{Topic: s.topic, Version: strconv.FormatUint(s.to.seq, 16), Event: api.StreamEventEventGone}
	if s.to.doc != nil {
		event.Event, event.Data = api.StreamEventEventSnapshot, json.RawMessage(s.to.doc)
	}
	if s.from != nil {
		patch, err := jsonpatch.CreateMergePatch(s.from.doc, s.to.doc)
		if err != nil {
			return nil, fmt.Errorf("comparing versions of %s: %w", s.topic, err)
		}
		if len(patch) < len(s.to.doc) {
			event.Event, event.From, event.Data = api.StreamEventEventPatch, strconv.FormatUint(had, 16), json.RawMessage(patch)
		}
	}
	made, err := encode(event)
	if err != nil {
		return nil, err
	}
	s.to.made[had] = made
	return made, nil
}

// encode is the event as it goes over the wire, without its id.
func encode(event api.StreamEvent) ([]byte, error) {
	raw, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("writing an event of %s: %w", event.Topic, err)
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", event.Event, raw), nil
}
