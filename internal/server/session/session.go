// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// lifetime of a session, and how long it lasts without a request.
	lifetime, idle = 8 * time.Hour, 30 * time.Minute
	// touchAfter is how old the last look at a session is before its cookie is written anew.
	touchAfter = time.Minute
	// tokenBelieved is how long an answer about a token is believed.
	tokenBelieved = time.Minute
)

// The ways to sign in.
const (
	ProviderLocal = "local"
	ProviderToken = "token"
	ProviderOIDC  = "oidc"
)

// ReviewToken asks the API server whose token it is; false: nobody's.
type ReviewToken func(ctx context.Context, token string) (authenticationv1.UserInfo, bool, error)

// Config of the sessions.
type Config struct {
	Secrets     Secrets
	ReviewToken ReviewToken
	// Identity is the identity provider; nil where there is none.
	Identity *Identity
	// Secure says that people come by TLS. Then the cookie is sent by TLS only, and only to this very host.
	Secure bool
	Clock  clock.PassiveClock
	Log    *slog.Logger
}

// Session is who is signed in, and the operations about it.
type Session struct {
	cfg      Config
	keys     *keyring
	accounts *accounts
	limit    *limiter
	cookie   string
	identity *Identity

	mu     sync.Mutex
	tokens map[[sha256.Size]byte]reviewed
}

type reviewed struct {
	user  authenticationv1.UserInfo
	ok    bool
	until time.Time
}

// New returns sessions whose keys and accounts are read when they are needed.
func New(cfg Config) *Session {
	name := "vela_session"
	if cfg.Secure {
		name = "__Host-vela_session"
	}
	of := func(secret string) *snapshot { return &snapshot{secrets: cfg.Secrets, name: secret, clock: cfg.Clock} }
	return &Session{
		cfg: cfg, keys: &keyring{of(keysSecret)}, accounts: newAccounts(of(account.Secret)),
		limit: &limiter{clock: cfg.Clock, tries: map[string][]time.Time{}}, cookie: name, tokens: map[[sha256.Size]byte]reviewed{}, identity: cfg.Identity,
	}
}

// EnsureFirst makes the account admin where there are no accounts, and returns its password, which is nowhere else; empty when
// there are accounts.
func (s *Session) EnsureFirst(ctx context.Context) (string, error) {
	return s.accounts.ensureFirst(ctx)
}

type (
	addressKey struct{}
	ticketKey  struct{}
)

// Middleware finds out who asks. A cookie that is not good any more is taken away, and the request goes on as nobody's.
func (s *Session) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		ctx := context.WithValue(r.Context(), addressKey{}, host)
		if c, err := r.Cookie(flowCookie); err == nil {
			ctx = context.WithValue(ctx, flowKey{}, c.Value)
		}
		if c, err := r.Cookie(s.cookie); err == nil {
			t, err := s.look(ctx, c.Value)
			var p *problem.Error
			switch {
			case err == nil:
				ctx = access.WithPerson(context.WithValue(ctx, ticketKey{}, t), personOf(t))
				s.touch(ctx, w, t)
			case errors.As(err, &p):
				problem.Write(w, p, "") // the API server is away: the session may be as good as ever
				return
			default:
				http.SetCookie(w, s.noCookie())
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// look opens a cookie and says why it is not good.
func (s *Session) look(ctx context.Context, value string) (ticket, error) {
	t, err := opened[ticket](value, s.cookie, func(kid string) []byte { return s.keys.find(ctx, kid) })
	if err != nil {
		return ticket{}, err
	}
	now := s.cfg.Clock.Now()
	if now.Sub(t.begun()) >= lifetime || now.Sub(t.seen()) >= idle {
		return ticket{}, errOver
	}
	ended, err := s.keys.ended(ctx, t)
	if err != nil {
		return ticket{}, problem.Unavailable(err, "the Kubernetes API server")
	}
	if ended {
		return ticket{}, errOver
	}
	return s.stillGood(ctx, t)
}

var errOver = errors.New("the session is over")

// stillGood looks at what the session rests on: an account can be taken away or be put into other groups, a token can end.
func (s *Session) stillGood(ctx context.Context, t ticket) (ticket, error) {
	if t.Provider == ProviderToken {
		_, ok, err := s.review(ctx, t.Token)
		if err != nil {
			return t, problem.Unavailable(err, "the Kubernetes API server")
		}
		if !ok {
			return t, errOver
		}
		return t, nil
	}
	if t.Provider == ProviderOIDC {
		return t, nil // what the identity provider said holds for the lifetime of the session
	}
	found, err := s.accounts.find(ctx, t.Name, reloadAfter)
	if err != nil {
		return t, problem.Unavailable(err, "the Kubernetes API server")
	}
	if found == nil || found.Disabled || t.Begun < found.Since {
		return t, errOver
	}
	t.Groups = found.Groups
	return t, nil
}

// review is ReviewToken with a memory of a minute.
func (s *Session) review(ctx context.Context, token string) (authenticationv1.UserInfo, bool, error) {
	key, now := sha256.Sum256([]byte(token)), s.cfg.Clock.Now()
	s.mu.Lock()
	known, ok := s.tokens[key]
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.user, known.ok, nil
	}
	user, good, err := s.cfg.ReviewToken(ctx, token)
	if err != nil {
		return user, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) >= remembered {
		clear(s.tokens)
	}
	s.tokens[key] = reviewed{user, good, now.Add(tokenBelieved)}
	return user, good, nil
}

func personOf(t ticket) access.Person {
	return access.Person{Name: t.Name, User: t.User, UID: t.UID, Groups: t.Groups, Session: t.ID}
}

// touch writes the cookie anew when the session was looked at last a while ago, so that it does not end while it is used.
func (s *Session) touch(ctx context.Context, w http.ResponseWriter, t ticket) {
	now := s.cfg.Clock.Now()
	if now.Sub(t.seen()) < touchAfter {
		return
	}
	t.Seen = now.Unix()
	c, err := s.bake(ctx, t)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "a session could not be prolonged", "user", t.User, "error", err)
		return
	}
	http.SetCookie(w, c)
}

// bake makes the cookie of a session.
func (s *Session) bake(ctx context.Context, t ticket) (*http.Cookie, error) {
	kid, key, err := s.keys.current(ctx)
	if err != nil {
		return nil, err
	}
	value, err := sealed(t, kid, key, s.cookie)
	if err != nil {
		return nil, err
	}
	left := t.begun().Add(lifetime).Sub(s.cfg.Clock.Now())
	return &http.Cookie{
		Name: s.cookie, Value: value, Path: "/", HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode,
		MaxAge: max(1, int(left.Seconds())),
	}, nil
}

func (s *Session) noCookie() *http.Cookie {
	return &http.Cookie{Name: s.cookie, Path: "/", HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode, MaxAge: -1}
}

// begin is the cookie of a new session.
func (s *Session) begin(ctx context.Context, t ticket) (ticket, *http.Cookie, error) {
	now := s.cfg.Clock.Now()
	var err error
	if t.Epoch, err = s.keys.epoch(ctx, t.User); err != nil {
		return t, nil, err
	}
	t.ID, t.Begun, t.Seen = randomText(), now.Unix(), now.Unix()
	c, err := s.bake(ctx, t)
	return t, c, err
}
