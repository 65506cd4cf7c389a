/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static CheckProgram *programs;

void
check_program_register (CheckProgram *program)
{
  program->next = programs;
  programs = program;
}

static gchar *
program_name (const CheckProgram *program)
{
  gchar *name = g_path_get_basename (program->file);

  *strrchr (name, '.') = '\0';
  return name;
}

/* GIO reads the authorities that this machine trusts, more than a hundred, anew
 * for each TLS connection: with a sanitizer that takes longer than all the rest
 * of most tests. No test has a certificate that one of them has signed; none of
 * these says so without reading any. */
typedef GTlsDatabase NoAuthorities;
typedef GTlsDatabaseClass NoAuthoritiesClass;

GType no_authorities_get_type (void);
G_DEFINE_TYPE (NoAuthorities, no_authorities, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
vouch_for_nobody (GTlsDatabase *self, GTlsCertificate *chain,
    const gchar *purpose, GSocketConnectable *identity,
    GTlsInteraction *interaction, GTlsDatabaseVerifyFlags flags,
    GCancellable *cancellable, GError **error)
{
  return G_TLS_CERTIFICATE_UNKNOWN_CA;
}

static void
no_authorities_class_init (NoAuthoritiesClass *klass)
{
  klass->verify_chain = vouch_for_nobody;
}

static void
no_authorities_init (NoAuthorities *self)
{
}

static void
trust_no_authority (void)
{
  g_autoptr (GTlsDatabase) none =
      g_object_new (no_authorities_get_type (), NULL);

  g_tls_backend_set_default_database (g_tls_backend_get_default (), none);
}

#define LAUNCHER_THREADS "vmt-"
#define WAIT (20 * G_TIME_SPAN_SECOND)

static gboolean
has_launcher_threads (void)
{
  g_autoptr (GDir) tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *id;
  gboolean found = FALSE;

  while (tasks && !found && (id = g_dir_read_name (tasks))) {
    g_autofree gchar *path =
        g_build_filename ("/proc/self/task", id, "comm", NULL);
    g_autofree gchar *name = NULL;

    /* one that has just ended has no name */
    found = g_file_get_contents (path, &name, NULL, NULL)
            && g_str_has_prefix (name, LAUNCHER_THREADS);
  }
  return found;
}

/* The launcher leaves a device that hangs to a thread, which ends by itself:
 * after gst_deinit() it would use what is no more. */
static void
wait_for_launcher_threads (void)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (has_launcher_threads () && g_get_monotonic_time () < end)
    g_poll (NULL, 0, 1);
}

/* What a failed test leaves running is not waited for: gst_deinit() waits for
 * the threads of its pipelines without a deadline. */
static int
run (CheckProgram *program, const gchar *name)
{
  int status = gst_check_run_suite (program->suite (), name, program->file);

  if (status == 0) {
    wait_for_launcher_threads ();
    return 0;
  }
  fflush (NULL);
  _exit (status);
}

int
main (int argc, char **argv)
{
  gst_check_init (&argc, &argv);
  trust_no_authority ();
  for (CheckProgram *p = programs; p; p = p->next) {
    g_autofree gchar *name = program_name (p);

    if (argc == 2 && g_str_equal (name, argv[1]))
      return run (p, name);
    if (argc == 1)
      g_print ("%s\n", name);
  }
  if (argc == 1)
    return 0;
  g_printerr ("usage: %s [PROGRAM]\nWithout one, lists them.\n", argv[0]);
  return 2;
}
