/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists the devices of this network as they come and go, until Ctrl-C.
 *
 *   cc devices.c $(pkg-config --cflags --libs gstvideomeet-1.0 gio-unix-2.0)
 */

#include <gst/videomeet/videomeet.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs on the node's own thread. */
static void
on_device (VmNode *node, VmDevice *device, const gchar *what)
{
  g_autofree gchar *uri = vm_device_get_base_uri (device);

  printf ("%s %s on %s, %s\n", what, vm_device_get_user (device),
      vm_device_get_device (device), uri);
  fflush (stdout);
}

static void
on_added (VmNode *node, VmDevice *device)
{
  on_device (node, device, "here:");
}

static void
on_removed (VmNode *node, VmDevice *device)
{
  on_device (node, device, "gone:");
}

static gboolean
on_interrupt (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

int
main (void)
{
  g_autoptr (VmNode) node = vm_node_get_default ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;

  g_signal_connect (node, "device-added", G_CALLBACK (on_added), NULL);
  g_signal_connect (node, "device-removed", G_CALLBACK (on_removed), NULL);
  if (!vm_node_start (node, VM_NODE_ROLES_BROWSE, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return EXIT_FAILURE;
  }
  g_unix_signal_add (SIGINT, on_interrupt, loop);
  g_main_loop_run (loop);
  vm_node_stop (node, VM_NODE_ROLES_BROWSE);
  return EXIT_SUCCESS;
}
