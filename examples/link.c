/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hosts a meeting for a minute, or as many seconds as are told, and prints
 * its link: cc link.c $(pkg-config --cflags --libs gstvideomeet-1.0) */
#include <gst/videomeet/videomeet.h>
#include <stdlib.h>

static void
on_joined (VmMeeting *meeting, VmParticipant *me, const gchar *seconds)
{
  g_autofree gchar *link = NULL;

  g_object_get (meeting, "link", &link, NULL);
  g_print ("%s\n", link);
  g_timeout_add_once ((seconds ? atoi (seconds) : 60) * 1000,
      (GSourceOnceFunc) vm_meeting_stop, meeting);
}

static void
on_failed (VmMeeting *meeting, GError *error)
{
  g_printerr ("%s\n", error->message);
  exit (EXIT_FAILURE);
}

int
main (int argc, char **argv)
{
  VmMeeting *meeting = vm_meeting_new (vm_node_get_default ());
  g_autoptr (GError) error = NULL;

  g_object_set (meeting, "name", "standup", "mode", VM_MEETING_MODE_HOST, NULL);
  g_signal_connect (
      meeting, "joined", G_CALLBACK (on_joined), argc > 1 ? argv[1] : NULL);
  g_signal_connect (meeting, "failed", G_CALLBACK (on_failed), NULL);
  if (!vm_meeting_start (meeting, &error))
    on_failed (meeting, error);
  while (vm_meeting_get_state (meeting) != VM_MEETING_STATE_ENDED)
    g_main_context_iteration (NULL, TRUE);
}
