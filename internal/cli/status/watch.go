// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/view"
)

const (
	// beat is how often the live view reads the counters again; a change of the application redraws it at once.
	beat = time.Second
	// home moves to the top left corner; clearLine and clearBelow take away what was there before, without a flicker.
	home       = "\x1b[H"
	clearAll   = "\x1b[2J"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
)

// follow draws the status again whenever it changed, until the person stops it or the application is gone.
func (o *Options) follow(ctx context.Context, c *cluster.Cluster, namespace string) error {
	following, stop := context.WithCancel(ctx)
	defer stop()
	states := make(chan *v1beta1.Application, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- cluster.Until(following, c, cluster.Applications(), namespace, o.Name, func(app *v1beta1.Application) (bool, error) {
			select {
			case states <- app:
			case <-following.Done():
			}
			return app == nil, nil
		})
	}()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var app *v1beta1.Application
	drawn := ""
	for {
		select {
		case err := <-ended:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case <-ctx.Done():
			return nil
		case app = <-states:
			if app == nil {
				return o.sh.Text.Error("status.gone", o.Name)
			}
			if err := o.known(app); err != nil {
				return err
			}
		case <-tick.C:
		}
		if app == nil {
			continue
		}
		seen, err := gather(following, c, app, o.sh.Now())
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if drawn, err = o.draw(view.Of(seen), drawn); err != nil {
			return err
		}
	}
}

// draw shows a tree: over the last one on a terminal, below it when the output is piped and only if it differs.
func (o *Options) draw(tree view.Tree, drawn string) (string, error) {
	var b bytes.Buffer
	if err := Print(&b, tree, o.sh.Style, o.sh.Text); err != nil {
		return drawn, err
	}
	now := b.String()
	if now == drawn {
		return drawn, nil
	}
	if !o.sh.OutTerminal {
		o.sh.Printf("%s\n", now)
		return now, nil
	}
	first := home
	if drawn == "" {
		first = clearAll + home
	}
	o.sh.Printf("%s%s%s", first, strings.ReplaceAll(now, "\n", clearLine+"\n"), clearBelow)
	return now, nil
}
