/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/trust/roomtrust.h"

#include "support/trust/storefixture.h"
#include "trust/keys/vmidentity-priv.h"

#include <string.h>

VmTrustFacts known;
gint64 today;
GString *refusals;
gchar *reason_told;

static VmTrustFacts *
on_know (const gchar *device_id, const gchar *user, const gchar *device,
    gint64 *date, gpointer user_data)
{
  VmTrustFacts *facts;

  *date = today;
  if (!device_id)
    return vm_trust_facts_new (NULL);
  facts = vm_trust_facts_copy (&known);
  facts->device_id = g_strdup (device_id);
  if (strcmp (device_id, vm_identity_get_device_id (f.me)) == 0) {
    facts->own = TRUE;
    facts->revoked = FALSE;
    facts->spki = g_bytes_ref (vm_identity_get_spki (f.me));
    facts->given = VM_PERMISSIONS_ALL;
    facts->given_until = G_MAXINT64;
  } else if (strcmp (device_id, vm_identity_get_device_id (f.ann)) == 0) {
    facts->revoked = FALSE;
    facts->user = g_strdup ("Ann");
    facts->spki = g_bytes_ref (vm_identity_get_spki (f.ann));
    facts->given = VM_PERMISSIONS_CALL | VM_PERMISSIONS_INTRODUCER;
    facts->given_until = G_MAXINT64;
  }
  if (known.changed_id && device && strcmp (device, "phone") != 0)
    g_clear_pointer (&facts->changed_id, g_free);
  if (!device)
    g_clear_pointer (&facts->changed_id, g_free);
  return facts;
}

static void
on_untrusted (const gchar *device_id, const gchar *user, const gchar *group,
    const GError *reason, gpointer user_data)
{
  g_free (reason_told);
  reason_told = g_strdup (reason->message);
  g_string_append_printf (
      refusals, "%s:%s ", user ? user : "-", vm_error_to_code (reason->code));
}

void
room_trust_setup (void)
{
  fixture_setup ();
  refusals = g_string_new (NULL);
  memset (&known, 0, sizeof known);
  today = FIXTURE_NOW;
  room_funcs.know = on_know;
  room_funcs.untrusted = on_untrusted;
  setup ();
}

void
room_trust_teardown (void)
{
  teardown ();
  g_clear_pointer (&known.first_seen, g_date_time_unref);
  g_clear_pointer (&known.changed_id, g_free);
  g_clear_pointer (&known.changed_user, g_free);
  room_funcs.know = NULL;
  room_funcs.untrusted = NULL;
  g_string_free (refusals, TRUE);
  g_clear_pointer (&reason_told, g_free);
  fixture_teardown ();
}

gboolean
come (Peer *peer, Way way, VmToken *token, GError **error)
{
  gboolean keyless = way == NATIVE_KEYLESS || way == ROOM;
  VmJoin join = { .meeting = "standup",
    .user = way == NATIVE || way == NATIVE_KEYLESS ? "Bob" : NULL,
    .group = "10.0.0.2",
    .key = keyless ? NULL : vm_identity_get_key_hash (f.bob),
    .token = token };
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);

  peer_init (peer);
  if (way == ROOM || way == ROOM_KEY) {
    peer->member =
        vm_rooms_enter (rooms, &join, "alias", NULL, peer, now, error);
    return peer->member != NULL;
  }
  if (!vm_rooms_join (rooms, &join, now, &text, error))
    return FALSE;
  ticket = vm_rooms_use_ticket (rooms, text, join.key, now, error);
  vm_signal_add_participant (hello)->device = g_strdup ("phone");
  peer->member = vm_rooms_take_seat (rooms, ticket, hello, peer, error);
  return peer->member != NULL;
}

gchar *
seen_as (void)
{
  g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
  const VmSignalParticipant *who;

  vm_room_list (room, list, NULL);
  fail_unless_equals_int (list->participants->len, 2);
  who = g_ptr_array_index (list->participants, 0);
  fail_unless (who->host && !who->trust);
  who = g_ptr_array_index (list->participants, 1);
  return g_strdup (who->trust);
}

void
know (Fact fact)
{
  g_clear_pointer (&known.first_seen, g_date_time_unref);
  g_clear_pointer (&known.changed_id, g_free);
  g_clear_pointer (&known.changed_user, g_free);
  memset (&known, 0, sizeof known);
  if (fact != NOTHING)
    known.first_seen = g_date_time_ref (f.now);
  if (fact == GIVEN || fact == EXPIRED || fact == REVOKED || fact == DAMAGED)
    known.given = VM_PERMISSIONS_CALL;
  if (fact == GIVEN_FILE)
    known.given = VM_PERMISSIONS_FILE;
  known.given_until = fact == EXPIRED ? FIXTURE_NOW - 1 : FIXTURE_NOW;
  known.revoked = fact == REVOKED;
  known.damaged = fact == DAMAGED;
  if (fact == CHANGED) {
    known.changed_id = g_strdup ("OLD-ID");
    known.changed_user = g_strdup ("Bob");
  }
}
