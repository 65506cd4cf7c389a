/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom the policy lets into rooms, and whom it sends out again
 * (security.md#policies). */

#include "room/rooms-priv.h"
#include "trust/store/vmtrustfacts-priv.h"
#include <gst/videomeet/vmidentity.h>
#include "base/text.h"

#include <string.h>

void
vm_rooms_set_policy (VmRooms *rooms, VmPolicy policy)
{
  if (rooms->policy == policy)
    return;
  rooms->policy = policy;
  vm_rooms_check (rooms);
}

void
vm_rooms_set_cloud_trust (VmRooms *rooms, VmCloudTrust cloud_trust)
{
  if (rooms->cloud_trust == cloud_trust)
    return;
  rooms->cloud_trust = cloud_trust;
  vm_rooms_check (rooms);
}

/* Names are checked on admission: whoever is known by those of a seat later, by
 * another key, could otherwise put out who has it. `open` judges none. */
void
vm_member_keep_names (VmMember *member)
{
  member->named |= member->room->rooms->policy != VM_POLICY_OPEN;
}

VmBearer
vm_member_to_bearer (const VmMember *member)
{
  /* names of the room dialect are ours */
  const gchar *none = member->alias ? NULL : "";
  const gchar *device = member->device ? member->device : none;

  return (VmBearer){ .key = member->key,
    .user = member->user,
    .device = member->named ? NULL : device,
    .presented = member->presented,
    .via = member->via,
    .own_page = member->own_page };
}

/* Whether @other came by names that look like these, and by another key than
 * @member or by none. A host does not check itself. */
static gboolean
is_namesake (const VmMember *other, const VmMember *member)
{
  return other != other->room->host && !other->alias
         && g_strcmp0 (other->key, member->key) != 0
         && vm_text_looks_like (other->user, member->user)
         && (!other->device || !*other->device
             || vm_text_looks_like (other->device, member->device));
}

/* As long as they sit there the names are nobody's, or who came first could not
 * come again. */
static gboolean
has_namesake (const VmMember *member)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, member->room->rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const VmRoom *room = value;

    for (guint i = 0; i < room->members->len; i++)
      if (is_namesake (room->members->pdata[i], member))
        return TRUE;
  }
  return FALSE;
}

gboolean
vm_member_is_new (
    const VmMember *member, const gchar **user, const gchar **device)
{
  *user = member->user;
  *device = member->device;
  return member->room->rooms->policy != VM_POLICY_OPEN && member->key
         && member->trust == VM_TRUST_LEVEL_UNKNOWN && member->user
         && *member->user && member->device && *member->device
         && !has_namesake (member);
}

static VmTrustFacts *
know (VmRooms *rooms, const gchar *device_id, const gchar *user,
    const gchar *device, gint64 *date)
{
  if (rooms->funcs.know)
    return rooms->funcs.know (device_id, user, device, date, rooms->user_data);
  return vm_trust_facts_new (device_id);
}

/* What is wrong with the token that it presents is told when it would have
 * been let in by it; there may be better reasons to refuse it. */
static gboolean
decide (VmRooms *rooms, const gchar *meeting_id, const VmBearer *bearer,
    const gchar *device_id, VmTrustLevel *level, GError **error)
{
  VmToken *token = bearer->presented;
  gint64 date = 0;
  VmTrustDecision decision;
  g_autoptr (GError) useless = NULL;
  g_autoptr (VmTrustFacts) facts =
      know (rooms, device_id, bearer->user, bearer->device, &date);

  if (token) {
    g_autoptr (VmTrustFacts) issuer =
        know (rooms, token->issuer_id, NULL, NULL, &date);

    vm_trust_facts_add_token (facts, token, issuer, meeting_id, date, &useless);
  }
  vm_trust_decide (rooms->policy, facts, VM_PERMISSIONS_CALL, date, &decision,
      useless ? NULL : error);
  *level = decision.level;
  if (decision.accepted || !useless)
    return decision.accepted;
  if (facts->revoked || facts->damaged || facts->changed_id
      || facts->damaged_id)
    vm_trust_decide (
        rooms->policy, facts, VM_PERMISSIONS_CALL, date, NULL, error);
  else
    g_propagate_error (error, g_steal_pointer (&useless));
  return FALSE;
}

/* What somebody is told who is not let in, and whoever else is in the room: not
 * what this device knows of others, or where (security.md#http-server). @reason
 * is for its own user. What it was given it knows, and so may hear what it was
 * not. */
static gboolean
refuse (const GError *reason, VmTrustLevel level, GError **error)
{
  if (g_error_matches (reason, VM_ERROR, VM_ERROR_KEY_CHANGED))
    g_set_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED,
        "The host knows another key by this name");
  else if (level >= VM_TRUST_LEVEL_GUEST)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The host trusts this device, but has not given it leave to meet");
  else
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The host does not trust this device");
  return FALSE;
}

static gboolean
has_text (GPtrArray *texts, const gchar *text)
{
  return texts
         && g_ptr_array_find_with_equal_func (texts, text, g_str_equal, NULL);
}

/* The last @max of them are kept. @text: (transfer full) */
static void
add_text (GPtrArray **texts, guint max, gchar *text)
{
  if (!*texts)
    *texts = g_ptr_array_new_with_free_func (g_free);
  if ((*texts)->len >= max)
    g_ptr_array_remove_index (*texts, 0);
  g_ptr_array_add (*texts, text);
}

/* Whoever came by an invitation has a token that is good until the meeting
 * ends; whoever was removed needs another invitation. */
static gboolean
is_barred (VmRoom *room, const VmBearer *bearer)
{
  return bearer->key && bearer->presented && bearer->presented->meeting_id
         && vm_room_bars_key (room, bearer->key);
}

gboolean
vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error)
{
  VmRooms *rooms = room->rooms;
  g_autofree gchar *id =
      bearer->key ? vm_device_id_from_key_hash (bearer->key) : NULL;
  g_autoptr (GError) reason = NULL;
  VmBearer counts = *bearer;

  if (bearer->own_page) {
    *level = VM_TRUST_LEVEL_UNKNOWN;
    return TRUE;
  }
  if (bearer->via && rooms->policy == VM_POLICY_REQUIRE
      && rooms->cloud_trust == VM_CLOUD_TRUST_ALLOW) {
    *level = VM_TRUST_LEVEL_UNKNOWN;
    return TRUE;
  }
  if (is_barred (room, bearer))
    counts.presented = NULL;
  if (decide (rooms, room->id, &counts, id, level, &reason))
    return TRUE;
  if (rooms->funcs.untrusted)
    rooms->funcs.untrusted (
        id, bearer->user, bearer->group, reason, rooms->user_data);
  return refuse (reason, *level, error);
}

gboolean
vm_rooms_trust (VmRooms *rooms, const VmBearer *bearer, GError **error)
{
  g_autofree gchar *id =
      bearer->key ? vm_device_id_from_key_hash (bearer->key) : NULL;
  g_autoptr (GError) reason = NULL;
  VmTrustLevel level;

  return decide (rooms, NULL, bearer, id, &level, &reason)
         || refuse (reason, level, error);
}

gchar *
vm_member_name_voucher (const VmMember *member)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  gint64 date = 0;

  if (member->trust != VM_TRUST_LEVEL_VOUCHED || !member->presented)
    return NULL;
  facts = know (
      member->room->rooms, member->presented->issuer_id, NULL, NULL, &date);
  return g_strdup (vm_trust_name_of (facts));
}

gchar *
vm_member_get_voucher (const VmMember *member)
{
  g_autofree gchar *id =
      member->key ? vm_device_id_from_key_hash (member->key) : NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  gint64 date = 0;

  if (!id)
    return NULL;
  if (member->trust == VM_TRUST_LEVEL_VOUCHED
      || member->trust == VM_TRUST_LEVEL_GUEST)
    return member->presented ? vm_token_to_pem (member->presented) : NULL;
  facts = know (member->room->rooms, id, NULL, NULL, &date);
  return g_steal_pointer (&facts->given_token);
}

void
vm_room_meet (VmRoom *room, const VmMember *member)
{
  g_autofree gchar *id =
      member->key ? vm_device_id_from_key_hash (member->key) : NULL;

  if (id && !has_text (room->met, id))
    add_text (&room->met, VM_ROOM_MET_MAX, g_steal_pointer (&id));
}

gchar **
vm_room_list_revoked (VmRoom *room)
{
  g_autoptr (GStrvBuilder) revoked = g_strv_builder_new ();

  for (guint i = 0; room->met && i < room->met->len; i++) {
    gint64 date = 0;
    g_autoptr (VmTrustFacts) facts =
        know (room->rooms, room->met->pdata[i], NULL, NULL, &date);

    if (facts->revoked)
      g_strv_builder_add (revoked, room->met->pdata[i]);
  }
  return g_strv_builder_end (revoked);
}

/* Of one that had left before it was revoked, nothing else tells. */
static void
tell_revoked (VmRoom *room)
{
  g_auto (GStrv) revoked = vm_room_list_revoked (room);

  if (room->revoked
      && !g_strv_equal (
          (const gchar *const *) revoked, (const gchar *const *) room->revoked))
    vm_room_send_state (room);
}

/* Beside the word "trusted" a name is believed, and a seat keeps its name: who
 * goes by another than it is trusted under is shown so when it comes again. */
static gboolean
goes_by_another_name (const VmMember *member)
{
  g_autofree gchar *id =
      member->key ? vm_device_id_from_key_hash (member->key) : NULL;
  gint64 date = 0;
  g_autoptr (VmTrustFacts) facts =
      know (member->room->rooms, id, NULL, NULL, &date);

  return facts->user && *facts->user
         && g_strcmp0 (facts->user, member->user) != 0;
}

static void
renew (VmMember *member, VmTrustLevel level)
{
  level = vm_trust_level_meanwhile (member->trust, level);
  if (level == member->trust
      || (level == VM_TRUST_LEVEL_TRUSTED && goes_by_another_name (member)))
    return;
  member->trust = level;
  vm_member_tell_trust (member);
}

static void
check_member (VmMember *member)
{
  const VmBearer bearer = vm_member_to_bearer (member);
  VmTrustLevel level;
  g_autoptr (GError) reason = NULL;

  if (!vm_room_trusts (member->room, &bearer, &level, &reason)) {
    vm_member_leave (member, reason);
    return;
  }
  vm_member_keep_names (member);
  renew (member, level);
}

gchar *
vm_room_name (VmRoom *room, const VmTicket *ticket)
{
  g_autofree gchar *id = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  gint64 date = 0;

  if (ticket->trust != VM_TRUST_LEVEL_TRUSTED || !ticket->key)
    return g_strdup (ticket->user);
  id = vm_device_id_from_key_hash (ticket->key);
  facts = know (room->rooms, id, NULL, NULL, &date);
  return g_strdup (facts->user && *facts->user ? facts->user : ticket->user);
}

void
vm_rooms_check (VmRooms *rooms)
{
  GHashTableIter iter;
  gpointer value;

  rooms->walks++;
  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmRoom *room = value;

    /* backwards: whoever goes is taken out */
    for (guint i = room->members->len; i > 0; i--) {
      VmMember *member = g_ptr_array_index (room->members, i - 1);

      if (member != room->host && !member->node)
        check_member (member);
    }
    tell_revoked (room);
  }
  /* who was left empty goes with the next vm_rooms_tick() */
  rooms->walks--;
}
