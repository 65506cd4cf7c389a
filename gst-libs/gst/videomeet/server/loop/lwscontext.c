/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server's context of libwebsockets, from its settings to its end. */

#include "server/loop/lwscontext.h"
#include "trust/keys/vmidentity-priv.h"
#include "server/loop/callback.h"
#include "server/server-priv.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEFTOVER_TURNS 1000 /* of the loop, for libwebsockets to close all */

static void
on_lws_log (int level, const char *line)
{
  g_debug ("libwebsockets: %.*s", (int) strcspn (line, "\n"), line);
}

void
vm_server_drain_loop (VmServer *self)
{
  for (guint i = 0; i < LEFTOVER_TURNS; i++) {
    if (!uv_run (&self->loop, UV_RUN_NOWAIT))
      break;
  }
}

/* Any descriptor that is harmless to close: another one of the marker. */
static int
take_descriptor (VmServer *self, int from)
{
  return fcntl (self->marker, F_DUPFD_CLOEXEC, from);
}

static void
give_back (int *descriptor)
{
  if (*descriptor >= 0)
    close (*descriptor);
  *descriptor = -1;
}

/* The end of a pipe: it has an inode of its own as long as it is open. */
static int
make_marker (void)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return -1;
  close (ends[1]);
  return ends[0];
}

static gboolean
is_marker (VmServer *self, int fd)
{
  struct stat own, other;

  return fstat (self->marker, &own) == 0 && fstat (fd, &other) == 0
         && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* libwebsockets 4.3 may poll a socket of the kernel's besides. */
static void
note_event_pipe (uv_handle_t *handle, gpointer data)
{
  VmServer *self = data;
  struct stat about;
  uv_os_fd_t fd;

  if (handle->type == UV_POLL && uv_fileno (handle, &fd) == 0
      && fstat (fd, &about) == 0 && !S_ISSOCK (about.st_mode))
    self->event_pipe = fd;
}

void
vm_server_hold_event_pipe (VmServer *self)
{
  int taken;

  if (!self->ending || self->event_pipe < 0)
    return;
  taken = take_descriptor (self, self->event_pipe);
  if (taken == self->event_pipe)
    self->event_pipe = -1;
  else
    give_back (&taken);
}

static void
give_back_all (VmServer *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->spare); i++)
    give_back (&self->spare[i]);
}

/* On a foreign loop libwebsockets wants to be told twice: to begin to close its
 * handles, and once the loop has run until they are closed.
 *
 * libwebsockets 4.1 closes its event pipe the first time, and the number that
 * the pipe had once more as the loop runs. Whatever another thread has opened
 * meanwhile would be closed under it: so the number is taken again, for that
 * second close, as soon as libwebsockets calls back or returns. Until then
 * others find the spare numbers first, because these are lower and the lowest
 * that is free is what one gets.
 *
 * libwebsockets 4.3 leaves its event pipe open for good. Which of the two it
 * is, and whose the number is by now, is seen by the marker, which takes the
 * pipe's place: nobody wakes this context any more. */
void
vm_server_destroy_context (VmServer *self, struct lws_context *context)
{
  int event_pipe = self->event_pipe;

  give_back_all (self);
  if (event_pipe >= 0 && self->marker >= 0)
    dup3 (self->marker, event_pipe, O_CLOEXEC);
  self->ending = TRUE;
  lws_context_destroy (context);
  vm_server_hold_event_pipe (self);
  self->ending = FALSE;
  vm_server_drain_loop (self);
  lws_context_destroy (context);
  if (event_pipe >= 0 && is_marker (self, event_pipe))
    close (event_pipe);
  give_back (&self->marker);
}

/* libwebsockets 4.3 watches the routes and closes what none leads to that it
 * knows: in 4.3.5 every connection, when any link goes. It does without where
 * the port of netlink is taken that it asks for. -1: it is, by somebody else.
 */
static gint
take_netlink_port (void)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK,
    .nl_pid = (guint32) getpid () };
  gint fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

  if (fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) != 0) {
    close (fd);
    fd = -1;
  }
  return fd;
}

/* A client is asked for a certificate and need not have one. That it holds the
 * key is proven by TLS; whose key it is, no authority says, so none is read:
 * whoever asks for the key compares it (clientkey.c). */
#define TLS_OPTIONS                                         \
  (LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT                     \
      | LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT \
      | LWS_SERVER_OPTION_PEER_CERT_NOT_REQUIRED            \
      | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS)

struct lws_context *
vm_server_create_context (VmServer *self)
{
  const gchar *pem = vm_identity_get_path (self->identity);
  void *loops[] = { &self->loop };
  struct lws_context_creation_info info = {
    .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS
               | (self->secure ? TLS_OPTIONS : 0),
    .port = CONTEXT_PORT_NO_LISTEN_SERVER,
    .protocols = vm_lws_protocols,
    .foreign_loops = loops,
    .user = self,
    .gid = -1,
    .uid = -1,
    /* a whole TLS record and more: libwebsockets 4.1 on libuv forgets to come
     * back for what it left inside the TLS layer */
    .pt_serv_buf_size = 32 * 1024,
    /* of TLS; tick.c is first */
    .timeout_secs = VM_HTTP_IDLE_SECONDS,
    .vhost_name = "videomeet",
    .alpn = "http/1.1",
    .ssl_options_set =
        SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION,
  };
  struct lws_context *context;
  gint netlink;

  lws_set_log_level (LLL_ERR | LLL_WARN, on_lws_log);
  if (self->secure) {
    info.ssl_cert_filepath = pem;
    info.ssl_private_key_filepath = pem;
  }
  self->event_pipe = -1;
  self->marker = make_marker ();
  for (guint i = 0; i < G_N_ELEMENTS (self->spare); i++)
    self->spare[i] = take_descriptor (self, 0);
  netlink = take_netlink_port ();
  context = lws_create_context (&info);
  if (netlink >= 0)
    close (netlink);
  if (!context) {
    give_back_all (self);
    give_back (&self->marker);
    return NULL;
  }
  /* it polls nothing else yet */
  uv_walk (&self->loop, note_event_pipe, self);
  self->vhost = lws_create_vhost (context, &info);
  if (!self->vhost) {
    vm_server_destroy_context (self, context);
    return NULL;
  }
  return context;
}
