/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/natsserver.h"

#include <gst/check/gstcheck.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define WAIT_SECONDS 60

static gboolean
on_timer (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

void
nats_wait_for (NatsCondition condition, gpointer user_data, const gchar *name,
    const gchar *place)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_SECONDS * G_USEC_PER_SEC;
  guint timer = g_timeout_add (20, on_timer, NULL);

  while (!condition (user_data)) {
    fail_unless (g_get_monotonic_time () < deadline, "%s: not within %d s: %s",
        place, WAIT_SECONDS, name);
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (timer);
}

/* It is not left behind by a test that crashes. */
static void
die_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* The server says where it listens in a file,
 * `{"nats":["nats://127.0.0.1:4222"]}`. */
static gboolean
has_port (gpointer user_data)
{
  NatsServer *server = user_data;
  g_autofree gchar *name = g_strdup_printf (
      "nats-server_%s.ports", g_subprocess_get_identifier (server->process));
  g_autofree gchar *path = nats_server_path (server, name);
  g_autofree gchar *text = NULL;
  const gchar *found;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  found = strstr (text, "127.0.0.1:");
  if (!found)
    return FALSE;
  g_free (server->port);
  found += strlen ("127.0.0.1:");
  server->port = g_strndup (found, strspn (found, "0123456789"));
  return TRUE;
}

void
nats_server_start (NatsServer *server, const gchar *argument, const gchar *more)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autoptr (GError) error = NULL;

  if (!server->dir)
    server->dir = g_dir_make_tmp ("vm-nats-XXXXXX", &error);
  g_assert_no_error (error);
  g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
  /* the sanitizers' shims are not for others' programs */
  g_subprocess_launcher_unsetenv (launcher, "LD_PRELOAD");
  g_subprocess_launcher_unsetenv (launcher, "LD_LIBRARY_PATH");
  server->process =
      g_subprocess_launcher_spawn (launcher, &error, "nats-server", "-a",
          "127.0.0.1", "-p", server->port ? server->port : "-1", "-js", "-sd",
          server->dir, "--ports_file_dir", server->dir, argument, more, NULL);
  g_assert_no_error (error);
  nats_wait (has_port, server);
}

void
nats_server_kill (NatsServer *server)
{
  g_subprocess_force_exit (server->process);
  fail_unless (g_subprocess_wait (server->process, NULL, NULL));
  g_clear_object (&server->process);
}

void
nats_server_clear (NatsServer *server)
{
  const gchar *argv[] = { "rm", "-rf", server->dir, NULL };

  if (server->process)
    nats_server_kill (server);
  if (server->dir)
    g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
        NULL, NULL, NULL, NULL);
  g_clear_pointer (&server->dir, g_free);
  g_clear_pointer (&server->port, g_free);
}

gchar *
nats_server_path (NatsServer *server, const gchar *name)
{
  return g_build_filename (server->dir, name, NULL);
}

/* A certificate of its own for @host. */
static void
make_certificate (NatsServer *server, const gchar *host)
{
  g_autofree gchar *key = nats_server_path (server, "key.pem");
  g_autofree gchar *certificate = nats_server_path (server, "cert.pem");
  g_autofree gchar *name = g_strdup_printf ("subjectAltName=%s", host);
  const gchar *argv[] = { "openssl", "req", "-x509", "-newkey", "ec",
    "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=nats",
    "-days", "2", "-addext", name, "-keyout", key, "-out", certificate, NULL };
  g_autoptr (GError) error = NULL;
  gint status;

  g_spawn_sync (NULL, (gchar **) argv, NULL,
      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
          | G_SPAWN_STDERR_TO_DEV_NULL,
      NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  fail_unless (g_spawn_check_wait_status (status, NULL));
}

void
nats_server_start_tls (NatsServer *server, const gchar *host)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *text = NULL;

  server->dir = g_dir_make_tmp ("vm-nats-XXXXXX", NULL);
  make_certificate (server, host);
  path = nats_server_path (server, "conf");
  text = g_strdup_printf (
      "tls { cert_file: \"%s/cert.pem\", key_file: \"%s/key.pem\" }\n"
      "authorization { user: ann, password: secret-of-ann }\n",
      server->dir, server->dir);
  fail_unless (g_file_set_contents (path, text, -1, NULL));
  nats_server_start (server, "-c", path);
}
