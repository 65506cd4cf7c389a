/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trust in those of a meeting that was joined, while it lasts: who revokes a
 * device does not want to meet it. What a host does with its guests is the
 * server's business. */

#include "meeting/vmmeeting-priv.h"
#include "trust/store/decision.h"
#include <gst/videomeet/vmtrustfacts.h>
#include <gst/videomeet/vmerror.h>
#include "meeting/vmparticipant-priv.h"

/* It shows no more than its key and names; it hears why it is left alone. */
static void
tell_refused (VmMeeting *self, const gchar *id, const GError *reason)
{
  g_autoptr (GError) told = g_error_new (VM_ERROR, reason->code,
      "%s does not meet this device, which is not trusted there", self->user);
  g_autoptr (VmSignal) error = vm_signal_new_error (told, -1);

  error->to = g_strdup (id);
  vm_meeting_send (self, error);
}

void
vm_meeting_refuse (
    VmMeeting *self, VmParticipant *participant, const GError *reason)
{
  tell_refused (self, vm_participant_get_id (participant), reason);
  g_signal_emit (self,
      vm_meeting_signals[VM_MEETING_SIGNAL_PARTICIPANT_REFUSED], 0, participant,
      reason);
}

void
vm_meeting_take_refusal (VmMeeting *self, const VmSignal *error)
{
  VmParticipant *from = vm_meeting_find (self, error->from);
  g_autoptr (GError) reason = vm_signal_get_error (error);

  if (from && !vm_participant_get_host (from)
      && (g_error_matches (reason, VM_ERROR, VM_ERROR_NOT_TRUSTED)
          || g_error_matches (reason, VM_ERROR, VM_ERROR_KEY_CHANGED)))
    vm_meeting_remove (self, from, reason);
  else if (from && reason)
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_REFUSED], 0, from, reason);
}

/* Last of what is done with @who: whoever hears it may have it leave. */
static void
show_trust (VmMeeting *self, VmParticipant *who, VmTrustLevel level,
    const gchar *voucher)
{
  VmTrustLevel old = vm_participant_get_trust (who);
  g_autoptr (VmParticipant) alive = g_object_ref (who);

  if (vm_participant_set_trust (
          who, vm_trust_level_meanwhile (old, level), voucher))
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_TRUST_CHANGED], 0, who, old);
}

static gboolean
check_host (VmMeeting *self, gboolean damaged, gint64 now)
{
  VmParticipant *host = vm_meeting_find (self, self->host_id);
  VmTrustLevel level;
  g_autoptr (GError) reason = NULL;

  if (damaged)
    reason = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The list of revoked devices can no longer be read, so nobody is "
        "trusted");
  /* the verifier judges the host that was joined */
  else if (self->orphaned || self->relay_id || self->took_over)
    return TRUE;
  else if (!vm_host_verifier_host (self->verifier, now, &level, &reason))
    g_prefix_error (&reason, "This device leaves %s%s: ",
        host ? vm_participant_get_user (host) : "the meeting",
        host ? ", who hosts the meeting" : "");
  if (reason)
    vm_meeting_finish (self, reason);
  else if (host)
    show_trust (self, host, level, NULL);
  return !reason;
}

static void
check_guest (VmMeeting *self, VmParticipant *participant, gint64 now)
{
  VmSignalParticipant who;
  VmTrustLevel level;
  g_autofree gchar *voucher = NULL;
  g_autoptr (GError) reason = NULL;

  vm_participant_describe (participant, &who);
  if (vm_host_verifier_guest (
          self->verifier, &who, now, &level, &voucher, &reason)) {
    show_trust (self, participant, level, voucher);
    return;
  }
  tell_refused (self, who.id, reason);
  vm_meeting_remove (self, participant, reason);
}

/* A host has it from its own store. A guest believes the level no more than at
 * the coming, but looks at what was given to @who since. */
void
vm_meeting_take_trust (
    VmMeeting *self, VmParticipant *who, const VmSignal *signal)
{
  if (self->seat) {
    show_trust (
        self, who, vm_trust_level_from_wire (signal->trust), signal->voucher);
  } else if (self->verifier
             && (self->relay_id || !vm_participant_get_host (who))) {
    vm_participant_set_token (who, signal->token);
    check_guest (self, who, g_get_real_time () / G_USEC_PER_SEC);
  }
}

void
vm_meeting_check_others (VmMeeting *self)
{
  g_autolist (VmParticipant) others = vm_meeting_list_participants (self);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  for (GList *l = others; l && self->verifier && !self->stopped; l = l->next)
    if (self->relay_id || !vm_participant_get_host (l->data))
      check_guest (self, l->data, now);
}

/* What the store says now. @broke: it could be read before, and no longer
 * can. */
static void
check_all (VmMeeting *self, gboolean broke)
{
  g_autoptr (GDateTime) date = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) facts = vm_trust_store_know_all (self->store, date);

  vm_host_verifier_take_known (
      self->verifier, facts, vm_store_watch_is_damaged (self->watch));
  if (check_host (self, broke, g_date_time_to_unix (date)))
    vm_meeting_check_others (self);
}

static void
on_changed (const VmStoreChange *change, gpointer user_data)
{
  g_autoptr (VmMeeting) self = g_object_ref (user_data);

  check_all (self, change->damaged);
}

/* Between the endpoint, where the host was judged, and the watch, somebody may
 * have been revoked. */
void
vm_meeting_check_trust (VmMeeting *self)
{
  if (self->watch)
    check_all (self, FALSE);
}

void
vm_meeting_look_at_store (VmMeeting *self)
{
  if (self->watch)
    vm_store_watch_look (self->watch);
}

gboolean
vm_meeting_judge (VmMeeting *self, VmParticipant *participant, GError **reason)
{
  VmSignalParticipant who;
  VmTrustLevel level;
  g_autofree gchar *voucher = NULL;
  gboolean meets;

  if (!self->verifier || vm_participant_get_host (participant))
    return TRUE;
  vm_participant_describe (participant, &who);
  meets = vm_host_verifier_guest (self->verifier, &who,
      g_get_real_time () / G_USEC_PER_SEC, &level, &voucher, reason);
  vm_participant_set_trust (participant, level, voucher);
  return meets;
}

void
vm_meeting_watch_trust (VmMeeting *self)
{
  g_clear_pointer (&self->watch, vm_store_watch_free);
  g_clear_pointer (&self->verifier, vm_host_verifier_unref);
  if (!self->client || !vm_signal_client_get_judge (self->client))
    return;
  self->verifier =
      vm_host_verifier_ref (vm_signal_client_get_judge (self->client));
  if (self->store)
    self->watch =
        vm_store_watch_new (self->store, self->context, on_changed, self);
}
