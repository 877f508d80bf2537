// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package beside

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// nginxConfig is nginx as one sets it up to do what the edge does: the same shares, kept connections to the backends, the
// same forwarding headers, one worker for each processor, no access log.
func nginxConfig(dir, address string, backends []string) string {
	temporary := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += fmt.Sprintf("  %s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	return fmt.Sprintf(`worker_processes %d;
worker_rlimit_nofile 8192;
daemon off;
pid %s;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
%s  upstream demo {
    server %s weight=80;
    server %s weight=20;
    keepalive 1024;
    keepalive_requests 1000000000;
  }
  server {
    listen %s backlog=4096;
    server_name %s;
    location / {
      proxy_pass http://demo;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Request-ID $request_id;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Port $server_port;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Scheme $scheme;
      proxy_set_header X-Scheme $scheme;
    }
  }
}
`, runtime.NumCPU(), filepath.Join(dir, "nginx.pid"), temporary, backends[0], backends[1], address, Host)
}

// haproxyConfig is the same for HAProxy, with a thread for each processor.
func haproxyConfig(address string, backends []string) string {
	return fmt.Sprintf(`global
  maxconn 4096
  nbthread %d
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout http-keep-alive 75s
frontend front
  bind %s backlog 4096
  unique-id-format %%{+X}o%%ci:%%cp_%%fi:%%fp_%%Ts_%%rt
  unique-id-header X-Request-ID
  use_backend demo if { hdr(host) -i %s }
backend demo
  balance roundrobin
  http-reuse always
  option forwardfor
  http-request set-header X-Real-IP %%[src]
  http-request set-header X-Forwarded-Host %%[req.hdr(Host)]
  http-request set-header X-Forwarded-Port %%[dst_port]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Scheme http
  http-request set-header X-Scheme http
  server stable %s weight 80
  server canary %s weight 20
`, runtime.NumCPU(), address, Host, backends[0], backends[1])
}
