/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/meetingdevice.h"

#include <glib/gstdio.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

#define PROBE_MS 10000 /* a TLS handshake takes seconds under a sanitizer */

Device a, b, c;

static void
note (Device *device, const gchar *word)
{
  if (device->heard->len)
    g_string_append_c (device->heard, ' ');
  g_string_append (device->heard, word);
}

static void
on_state (
    VmMeeting *meeting, VmMeetingState old, VmMeetingState new, Device *device)
{
  note (device, vm_meeting_state_to_string (new));
}

static void
on_joined (VmMeeting *meeting, VmParticipant *me, Device *device)
{
  fail_unless (vm_meeting_get_self (meeting) == me);
  note (device, "joined:");
  g_string_append (device->heard, vm_participant_get_id (me));
}

static void
on_participant_joined (
    VmMeeting *meeting, VmParticipant *participant, Device *device)
{
  note (device, "+");
  g_string_append (device->heard, vm_participant_get_id (participant));
  g_set_object (&device->other, participant);
}

static void
on_participant_left (VmMeeting *meeting, VmParticipant *participant,
    GError *error, Device *device)
{
  note (device, "-");
  g_string_append (device->heard, vm_participant_get_id (participant));
  if (error)
    g_string_append (device->heard, vm_error_to_code (error->code));
}

/* "~p002trusted", of one that came as another. */
static void
on_trust_changed (VmMeeting *meeting, VmParticipant *participant,
    VmTrustLevel old, Device *device)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (VM_TYPE_TRUST_LEVEL);

  note (device, "~");
  g_string_append (device->heard, vm_participant_get_id (participant));
  g_string_append (device->heard,
      g_enum_get_value (klass, vm_participant_get_trust (participant))
          ->value_nick);
}

static void
on_participant_refused (VmMeeting *meeting, VmParticipant *participant,
    GError *error, Device *device)
{
  note (device, "!");
  g_string_append (device->heard, vm_participant_get_id (participant));
  g_string_append (device->heard, vm_error_to_code (error->code));
}

static void
on_participant_state (VmMeeting *meeting, VmParticipant *participant,
    VmParticipantState old, VmParticipantState new, Device *device)
{
  note (device, vm_participant_state_to_string (new));
}

static void
on_description (VmMeeting *meeting, VmParticipant *from, VmDescriptionType type,
    const gchar *sdp, const gchar *session, guint generation,
    const gchar *identity, Device *device)
{
  fail_unless (from == device->other);
  note (device, type == VM_DESCRIPTION_TYPE_OFFER ? "offer" : "answer");
  g_string_append_printf (device->heard, ":%s:%u", session, generation);
  g_free (device->sdp);
  device->sdp = g_strdup (sdp);
  g_free (device->identity);
  device->identity = g_strdup (identity);
}

static void
on_candidate (VmMeeting *meeting, VmParticipant *from, const gchar *candidate,
    gint mline, const gchar *mid, const gchar *session, guint generation,
    Device *device)
{
  note (device, "candidate");
  g_string_append_printf (device->heard, ":%s:%d:%s:%s:%u", candidate, mline,
      mid ? mid : "", session, generation);
}

static void
on_restart (VmMeeting *meeting, VmParticipant *from, const gchar *reason,
    Device *device)
{
  note (device, "restart:");
  g_string_append (device->heard, reason);
}

static void
on_failed (VmMeeting *meeting, GError *error, Device *device)
{
  note (device, "failed");
  g_clear_error (&device->error);
  device->error = g_error_copy (error);
}

void
device_init (Device *device, const gchar *user)
{
  *device = (Device){ 0 };
  device->folder = g_dir_make_tmp ("vm-meeting-XXXXXX", NULL);
  device->node = vm_node_new (device->folder);
  device->heard = g_string_new (NULL);
  g_object_set (device->node, "user", user, "device", "box", "announce",
      VM_ANNOUNCE_OFF, "methods", VM_METHODS_NONE, "interfaces", "lo", "port",
      0, NULL);
}

void
device_open (Device *device, VmMeetingMode mode)
{
  device->meeting = vm_meeting_new (device->node);
  /* a TLS handshake takes seconds under a sanitizer on a busy machine */
  device->meeting->step_timeout = WAIT_SECONDS * 1000;
  g_object_set (device->meeting, "mode", mode, "name", "standup",
      "join-timeout", WAIT_SECONDS * 1000, NULL);
  g_signal_connect (
      device->meeting, "state-changed", G_CALLBACK (on_state), device);
  g_signal_connect (device->meeting, "joined", G_CALLBACK (on_joined), device);
  g_signal_connect (device->meeting, "participant-joined",
      G_CALLBACK (on_participant_joined), device);
  g_signal_connect (device->meeting, "participant-left",
      G_CALLBACK (on_participant_left), device);
  g_signal_connect (
      device->meeting, "trust-changed", G_CALLBACK (on_trust_changed), device);
  g_signal_connect (device->meeting, "participant-refused",
      G_CALLBACK (on_participant_refused), device);
  g_signal_connect (device->meeting, "participant-state-changed",
      G_CALLBACK (on_participant_state), device);
  g_signal_connect (
      device->meeting, "description", G_CALLBACK (on_description), device);
  g_signal_connect (
      device->meeting, "candidate", G_CALLBACK (on_candidate), device);
  g_signal_connect (
      device->meeting, "restart", G_CALLBACK (on_restart), device);
  g_signal_connect (device->meeting, "failed", G_CALLBACK (on_failed), device);
}

void
device_clear (Device *device)
{
  const gchar *argv[] = { "rm", "-rf", device->folder, NULL };

  if (device->meeting)
    vm_meeting_stop (device->meeting);
  g_clear_object (&device->other);
  g_clear_object (&device->meeting);
  g_clear_object (&device->node);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_free (device->folder);
  g_free (device->sdp);
  g_free (device->identity);
  g_clear_error (&device->error);
  g_string_free (device->heard, TRUE);
}

gboolean
device_on_late (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
has (Device *device, const gchar *word)
{
  return strstr (device->heard->str, word) != NULL;
}

void
heard (Device *device, const gchar *what)
{
  WAIT_FOR (device->heard->len >= strlen (what));
  fail_unless_equals_string (device->heard->str, what);
  g_string_truncate (device->heard, 0);
}

void
setup (void)
{
  device_init (&a, "Ann");
  device_init (&b, "Bob");
}

void
teardown (void)
{
  device_clear (&b);
  device_clear (&a);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

void
setup_three (void)
{
  setup ();
  device_init (&c, "Carl");
}

void
teardown_three (void)
{
  device_clear (&c);
  teardown ();
}

void
setup_keys (void)
{
  setup_three ();
  g_object_set (a.node, "interfaces", "", NULL);
}

VmIdentity *
key_of (Device *device)
{
  VmIdentity *identity = vm_node_get_identity (device->node);

  fail_unless (identity != NULL);
  return identity;
}

void
start (Device *device)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vm_meeting_start (device->meeting, &error));
  g_assert_no_error (error);
}

void
host (void)
{
  device_open (&a, VM_MEETING_MODE_HOST);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
}

void
use_port (Device *device, guint port, const gchar *meeting)
{
  g_autofree gchar *uri =
      g_strdup_printf ("videomeet://127.0.0.1:%u/%s", port, meeting);

  g_object_set (device->meeting, "uri", uri, NULL);
}

void
know (Device *device, Device *other)
{
  g_autofree gchar *peer =
      g_strdup_printf ("127.0.0.1:%u", vm_node_get_port (other->node));

  g_object_set (device->node, "methods", VM_METHODS_MANUAL, "peers", peer,
      "timeout", PROBE_MS, NULL);
}

void
use_uri (Device *device, const gchar *meeting)
{
  use_port (device, vm_node_get_port (a.node), meeting);
}

VmParticipant *
find (Device *device, const gchar *id)
{
  GList *all = vm_meeting_list_participants (device->meeting);
  VmParticipant *found = NULL;

  for (GList *l = all; l; l = l->next) {
    if (strcmp (vm_participant_get_id (l->data), id) == 0)
      found = l->data;
  }
  g_list_free_full (all, g_object_unref);
  return found;
}

/* Dialects */

void
use_dialect (VmDialectName dialect, const gchar *scheme, const gchar *name,
    const gchar *path)
{
  g_autofree gchar *uri = g_strdup_printf (
      "%s://127.0.0.1:%u%s", scheme, vm_node_get_port (a.node), path);

  device_open (&b, VM_MEETING_MODE_JOIN);
  g_object_set (b.meeting, "dialect", dialect, "name", name, "uri", uri, NULL);
}

/* @b joins, and goes: whether it comes in, by the word that it hears. */
static void
try_to_join (const gchar *word, const VmError *code)
{
  start (&b);
  WAIT_FOR (has (&b, word));
  if (code)
    g_assert_error (b.error, VM_ERROR, (gint) *code);
  vm_meeting_stop (b.meeting);
  g_clear_object (&b.meeting);
  g_string_truncate (b.heard, 0);
}

void
check_pins (VmDialectName dialect)
{
  const VmError wrong = VM_ERROR_WRONG_PIN;
  const gchar *pins[] = { "123456", "654321" };

  device_open (&a, VM_MEETING_MODE_HOST);
  g_object_set (a.meeting, "pin", "123456", NULL);
  start (&a);
  WAIT_FOR (has (&a, "announced"));
  for (guint i = 0; i < G_N_ELEMENTS (pins); i++) {
    use_dialect (dialect, "ws", NULL, "/standup");
    g_object_set (b.meeting, "pin", pins[i], NULL);
    try_to_join (i ? "failed" : "active", i ? &wrong : NULL);
  }
}

void
check_places (VmDialectName dialect, const Place *places, guint n)
{
  const VmError nowhere = VM_ERROR_MEETING_NOT_FOUND;

  host ();
  for (guint i = 0; i < n; i++) {
    gboolean named = places[i].name != NULL;

    use_dialect (dialect, "ws", places[i].name, places[i].path);
    try_to_join (places[i].there ? "active" : "failed",
        named || places[i].there ? NULL : &nowhere);
  }
}
