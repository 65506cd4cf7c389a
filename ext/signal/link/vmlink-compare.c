/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The digits that this user and that of the participant compare
 * (protocol/meeting.md#compare), over the connection in use. Control thread. */

#include "link/vmlink-priv.h"
#include "plugin/plugin.h"

#include <sys/random.h>

#define GST_CAT_DEFAULT vm_signal_debug

/* Both ends of the connection in use. */
typedef struct
{
  gchar *own, *theirs;
} Fingerprints;

static void
fingerprints_clear (Fingerprints *fingerprints)
{
  g_free (fingerprints->own);
  g_free (fingerprints->theirs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fingerprints, fingerprints_clear)

static gboolean
get_fingerprints (VmLink *self, Fingerprints *fingerprints)
{
  return self->now
         && vm_peer_get_fingerprints (
             self->now->peer, &fingerprints->own, &fingerprints->theirs);
}

static void
tell (VmLink *self, const gchar *event)
{
  VmComparison *comparison = self->comparison;
  const gchar *digits = VM_PLUGIN (vm_comparison_get_digits) (comparison);

  self->bin_funcs->post (self->bin,
      gst_structure_new ("vm-compare", "id", G_TYPE_STRING,
          vm_participant_get_id (self->participant), "user", G_TYPE_STRING,
          vm_participant_get_user (self->participant), "event", G_TYPE_STRING,
          event, "digits", G_TYPE_STRING, digits, "asked", G_TYPE_BOOLEAN,
          VM_PLUGIN (vm_comparison_was_asked) (comparison), NULL));
}

static void watch (VmLink *self);

static gboolean
on_deadline (gpointer user_data)
{
  VmLink *self = user_data;
  VmComparisonNews news;

  vm_timer_clear (&self->compare_source);
  g_clear_pointer (&self->compare_text, g_free);
  news = VM_PLUGIN (vm_comparison_tick) (
      self->comparison, g_get_monotonic_time ());
  if (news != VM_COMPARISON_NOTHING)
    tell (self, VM_PLUGIN (vm_comparison_news_to_string) (news));
  watch (self);
  return G_SOURCE_REMOVE;
}

static void
watch (VmLink *self)
{
  gint64 deadline = VM_PLUGIN (vm_comparison_get_deadline) (self->comparison);
  gint64 ms = (deadline - g_get_monotonic_time ()) / 1000 + 1;

  vm_timer_clear (&self->compare_source);
  if (deadline >= 0)
    self->compare_source =
        vm_timer_new (self->context, (guint) MAX (ms, 1), on_deadline, self);
}

static VmComparison *
get_comparison (VmLink *self)
{
  VmMeeting *meeting = vm_link_get_meeting (self);
  VmParticipant *this = meeting ? vm_meeting_get_self (meeting) : NULL;
  const gchar *own = this ? vm_participant_get_id (this) : NULL;
  const gchar *theirs = vm_participant_get_id (self->participant);

  if (!self->comparison && own)
    self->comparison = VM_PLUGIN (vm_comparison_new) (
        own, theirs, VM_PLUGIN (vm_participant_id_is_earlier) (own, theirs));
  return self->comparison;
}

static gboolean
make_nonce (guint8 nonce[VM_TRUST_NONCE_SIZE])
{
  return getrandom (nonce, VM_TRUST_NONCE_SIZE, 0) == VM_TRUST_NONCE_SIZE;
}

static gboolean
send_over (VmLink *self, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  return vm_peer_send_message (self->now->peer, "signal", text, &error);
}

gboolean
vm_link_compare (VmLink *self, GError **error)
{
  g_auto (Fingerprints) fingerprints = { NULL };
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  g_autofree gchar *text = NULL;

  if (self->served || self->paired || !get_fingerprints (self, &fingerprints)
      || !get_comparison (self) || !make_nonce (nonce)) {
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "There is no connection from device to device with %s to compare",
        vm_participant_get_user (self->participant));
    return FALSE;
  }
  text = VM_PLUGIN (vm_comparison_ask) (self->comparison,
      &(VmComparisonFingerprints){ fingerprints.own, fingerprints.theirs },
      nonce, g_get_monotonic_time ());
  g_clear_pointer (&self->compare_text, g_free);
  if (!send_over (self, text))
    self->compare_text = g_steal_pointer (&text);
  watch (self);
  return TRUE;
}

/* Media come a moment before the channels of data. */
void
vm_link_send_compare (VmLink *self)
{
  if (self->compare_text && send_over (self, self->compare_text))
    g_clear_pointer (&self->compare_text, g_free);
}

gboolean
vm_link_take_compare (VmLink *self, VmPeer *peer, const gchar *text)
{
  g_auto (Fingerprints) fingerprints = { NULL };
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  g_autofree gchar *reply = NULL;
  VmComparisonNews news;

  if (!VM_PLUGIN (vm_comparison_is_for) (text))
    return FALSE;
  if (!self->now || self->now->peer != peer
      || !get_fingerprints (self, &fingerprints) || !get_comparison (self)
      || !make_nonce (nonce))
    return TRUE;
  news = VM_PLUGIN (vm_comparison_take) (self->comparison, text,
      &(VmComparisonFingerprints){ fingerprints.own, fingerprints.theirs },
      nonce, g_get_monotonic_time (), &reply);
  if (reply) {
    g_clear_pointer (&self->compare_text, g_free);
    send_over (self, reply);
  }
  if (news == VM_COMPARISON_DIFFERS)
    self->told_same = FALSE;
  if (news != VM_COMPARISON_NOTHING)
    tell (self, VM_PLUGIN (vm_comparison_news_to_string) (news));
  watch (self);
  return TRUE;
}

gboolean
vm_link_answer_compare (VmLink *self, gboolean same, GError **error)
{
  g_autofree gchar *text = NULL;

  if (!self->comparison
      || !VM_PLUGIN (vm_comparison_answer) (self->comparison, same, &text)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "There are no digits of %s to compare",
        vm_participant_get_user (self->participant));
    return FALSE;
  }
  /* another connection is not verified anyway */
  if (text && self->now)
    send_over (self, text);
  self->told_same = same;
  tell (self, same ? "same" : "different");
  return TRUE;
}

/* The result of a comparison holds for the certificates of one connection. */
void
vm_link_check_compared (VmLink *self)
{
  g_auto (Fingerprints) fingerprints = { NULL };
  VmComparisonFingerprints both;

  if (!self->told_same || !get_fingerprints (self, &fingerprints))
    return;
  both = (VmComparisonFingerprints){ fingerprints.own, fingerprints.theirs };
  if (VM_PLUGIN (vm_comparison_get_result) (self->comparison, &both)
      == VM_COMPARISON_SAME)
    return;
  self->told_same = FALSE;
  tell (self, "over");
}

void
vm_link_end_compare (VmLink *self)
{
  vm_timer_clear (&self->compare_source);
  g_clear_pointer (&self->compare_text, g_free);
  g_clear_pointer (&self->comparison, VM_PLUGIN (vm_comparison_free));
}
