/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trusted.h"

#include <gst/gst.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>

#define ANNOUNCED (60 * GST_SECOND)

struct _TrustedHost
{
  GSubprocess *process;
  gchar *address; /* 127.0.0.1:PORT */
  gchar *uri;
};

/* The other program */

static gboolean
has_joined (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  gboolean joined = FALSE;

  while (!joined
         && (message = gst_bus_timed_pop_filtered (
                 bus, ANNOUNCED, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR))) {
    joined = gst_message_has_name (message, "vm-joined");
    gst_message_unref (message);
  }
  return joined;
}

int
trusted_host_main (char **argv, const gchar *line)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autofree gchar *full = g_strdup_printf (
      "vmtrust store=%s policy=%s approve=auto vmsignalbin name=m mode=host "
      "meeting=bench user=Ann %s",
      argv[2], argv[3], line);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (full, &error);
  gboolean joined;

  if (error)
    g_error ("%s", error->message);
  g_object_set (node, "methods", VM_METHODS_NONE, "announce", VM_ANNOUNCE_OFF,
      "port", 0, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  joined = has_joined (pipeline);
  if (joined) {
    printf ("%u\n", vm_node_get_port (node));
    fflush (stdout);
    while (getchar () != EOF)
      continue;
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return joined ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The program that measures */

TrustedHost *
trusted_host_start (
    const gchar *program, const gchar *folder, const gchar *policy)
{
  TrustedHost *host = g_new0 (TrustedHost, 1);
  g_autofree gchar *store = g_build_filename (folder, policy, NULL);
  g_autoptr (GDataInputStream) out = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *port = NULL;

  host->process = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
      program, TRUSTED_HOST, store, policy, NULL);
  if (!host->process)
    g_error ("%s", error->message);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (host->process));
  port = g_data_input_stream_read_line (out, NULL, NULL, NULL);
  if (!port)
    g_error ("a host ended before it had begun");
  host->address = g_strdup_printf ("127.0.0.1:%s", port);
  host->uri = g_strdup_printf ("videomeet://%s/bench", host->address);
  return host;
}

const gchar *
trusted_host_get_uri (TrustedHost *host)
{
  return host->uri;
}

static void
on_digits (VmTrustRequest *request)
{
  vm_trust_request_confirm (request, NULL);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!vm_trust_request_run_finish (VM_TRUST_REQUEST (source), result, &error))
    g_error ("%s", error->message);
  g_main_loop_quit (user_data);
}

void
trusted_host_trust (TrustedHost *host, VmNode *node)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree gchar *uri = g_strconcat ("https://", host->address, NULL);
  g_autoptr (VmTrustRequest) request =
      vm_trust_request_new (vm_node_get_trust_store (node),
          vm_node_get_identity (node), "Bob", uri, NULL);

  g_signal_connect (request, "digits", G_CALLBACK (on_digits), NULL);
  vm_trust_request_run_async (request, NULL, on_asked, loop);
  g_main_loop_run (loop);
}

void
trusted_host_stop (TrustedHost *host)
{
  g_output_stream_close (
      g_subprocess_get_stdin_pipe (host->process), NULL, NULL);
  g_subprocess_wait (host->process, NULL, NULL);
  g_object_unref (host->process);
  g_free (host->address);
  g_free (host->uri);
  g_free (host);
}

void
trusted_remove (const gchar *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *child = g_build_filename (folder, name, NULL);

    trusted_remove (child);
  }
  g_remove (folder);
}
