// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

const (
	// nonceMark in index.html becomes the nonce of the request.
	nonceMark = "__CSP_NONCE__"
	// hashed assets, whose content never changes, are below this.
	assets = "/assets/"
)

// page serves the single-page application.
type page struct {
	files fs.FS
	index string
	etags map[string]string
}

func newPage(files fs.FS) (*page, error) {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return nil, fmt.Errorf("reading the web page: %w", err)
	}
	p := &page{files: files, index: string(index), etags: map[string]string{}}
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		p.etags[name] = `"` + hex.EncodeToString(sum[:12]) + `"`
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the web page: %w", err)
	}
	return p, nil
}

// ServeHTTP answers with a file of the page; any other path is one of the application's own, whose page is index.html. What looks
// like a file and is none is not found, so that an old page does not take HTML for a script.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if etag, ok := p.etags[name]; ok && name != "index.html" {
		p.file(w, r, name, etag)
		return
	}
	own := name != "index.html" && path.Ext(name) != "" || strings.HasPrefix(r.URL.Path, assets)
	if own || !acceptsHTML(r.Header.Get("Accept")) {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	p.document(w, r)
}

func (p *page) file(w http.ResponseWriter, r *http.Request, name, etag string) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix("/"+name, assets) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		h.Set("Content-Type", kind)
	}
	h.Add("Vary", "Accept-Encoding")
	for _, e := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if smaller, ok := p.etags[name+e.suffix]; ok && accepts(r, e.encoding) {
			h.Set("Content-Encoding", e.encoding)
			name, etag = name+e.suffix, smaller
			break
		}
	}
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content, err := fs.ReadFile(p.files, name)
	if err != nil {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	_, _ = w.Write(content)
}

func acceptsHTML(accept string) bool {
	return accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*")
}

func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if name == encoding && strings.TrimSpace(quality) != "q=0" {
			return true
		}
	}
	return false
}

// document is index.html with a nonce of its own, which lets its styles in and nothing else.
func (p *page) document(w http.ResponseWriter, _ *http.Request) {
	nonce := rand.Text()
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self' 'nonce-" + nonce + "'", "img-src 'self' data:", "connect-src 'self'",
		"font-src 'self'", "frame-ancestors 'none'", "base-uri 'self'", "form-action 'self'",
	}, "; "))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(strings.ReplaceAll(p.index, nonceMark, nonce)))
}
