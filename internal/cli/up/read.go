// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// sizeLimit bounds what is read from one place; the API server takes about 3 MiB for one object.
	sizeLimit    = 4 << 20
	fetchTimeout = 30 * time.Second
)

// source is one file's text and the name people know it by.
type source struct {
	name string
	text []byte
}

// read gets the texts of -f and decodes all of them.
func (o *Options) read(ctx context.Context) ([]document, error) {
	sources, err := o.sources(ctx)
	if err != nil {
		return nil, err
	}
	var all []document
	for _, s := range sources {
		found, err := decode(s, o.sh.Text)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, o.sh.Text.Error("up.empty", o.from())
	}
	return all, nil
}

// from is what -f was given, as people would say it.
func (o *Options) from() string {
	if o.File == "-" {
		return o.sh.Text.Of("up.stdin")
	}
	return o.File
}

func (o *Options) sources(ctx context.Context) ([]source, error) {
	switch {
	case o.File == "-":
		text, err := o.bounded(o.sh.In)
		return []source{{o.from(), text}}, err
	case isURL(o.File):
		text, err := o.fetch(ctx)
		return []source{{o.from(), text}}, err
	}
	info, err := os.Stat(o.File)
	if err != nil {
		return nil, o.sh.Text.Error("up.unreadable", o.File, err)
	}
	if !info.IsDir() {
		text, err := o.file(o.File)
		return []source{{o.File, text}}, err
	}
	return o.folder()
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// folder reads the YAML and JSON files of a folder, by name, folders below it left out.
func (o *Options) folder() ([]source, error) {
	entries, err := os.ReadDir(o.File)
	if err != nil {
		return nil, o.sh.Text.Error("up.unreadable", o.File, err)
	}
	var all []source
	for _, e := range entries {
		if e.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		path := filepath.Join(o.File, e.Name())
		text, err := o.file(path)
		if err != nil {
			return nil, err
		}
		all = append(all, source{path, text})
	}
	return all, nil
}

func (o *Options) file(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, o.sh.Text.Error("up.unreadable", path, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	return o.bounded(f)
}

func (o *Options) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.File, nil)
	if err != nil {
		return nil, o.sh.Text.Error("up.unreadable", o.File, err)
	}
	resp, err := o.Fetch.Do(req)
	if err != nil {
		return nil, o.sh.Text.Error("up.unreadable", o.File, plain(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, o.sh.Text.Error("up.unreadable", o.File, errText(resp.Status))
	}
	return o.bounded(resp.Body)
}

// plain takes the address out of an HTTP error, and with it the kind that would be taken for a missing cluster.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return errText(u.Err.Error())
	}
	return err
}

func (o *Options) bounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, sizeLimit+1))
	if err != nil {
		return nil, o.sh.Text.Error("up.unreadable", o.from(), err)
	}
	if len(text) > sizeLimit {
		return nil, o.sh.Text.Error("up.too-large", o.from(), fmt.Sprintf("%d MiB", sizeLimit>>20))
	}
	return text, nil
}
