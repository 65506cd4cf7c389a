/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who has lost the connection, and by what it comes back
 * (protocol/signalling.md#resume). */

#include "room/rooms-priv.h"

/* Forgets a token of @member. */
static void
forget_token (VmMember *member, gchar **token)
{
  if (*token)
    g_hash_table_remove (member->room->rooms->resumes, *token);
  g_clear_pointer (token, g_free);
}

void
vm_member_forget_tokens (VmMember *member)
{
  forget_token (member, &member->token);
  forget_token (member, &member->old_token);
}

void
vm_member_renew (VmMember *member, const gchar *used, const gchar *next)
{
  VmRooms *rooms = member->room->rooms;

  if (g_strcmp0 (member->token, used) == 0) {
    forget_token (member, &member->old_token);
    member->old_token = g_steal_pointer (&member->token);
  }
  forget_token (member, &member->token);
  member->token = next ? g_strdup (next) : vm_room_make_token (member->room);
  g_hash_table_insert (rooms->resumes, member->token, member);
}

void
vm_member_lose (VmMember *member, gint64 now)
{
  if (!member->lost_at)
    member->lost_at = now;
}

void
vm_member_resume (VmMember *member, const gchar *token, const gchar *group)
{
  vm_text_unshare (member->group);
  member->group = vm_text_share (member->via ? NULL : group);
  member->lost_at = 0;
  vm_member_renew (member, token, NULL);
  if (member->room->shared)
    member->room->rooms->remote->renew (member);
  vm_room_welcome (member->room, member, TRUE);
}

void
vm_member_resumed (VmMember *member)
{
  if (!member->detached)
    return;
  member->detached = FALSE;
  vm_member_tell_state (member);
}

void
vm_member_arrived (VmMember *member)
{
  forget_token (member, &member->old_token);
}

void
vm_room_tick (VmRoom *room, gint64 now)
{
  g_autoptr (GError) reason = NULL;

  vm_room_tick_bars (room, now);
  vm_room_tick_topology (room, now);
  /* backwards: whoever goes is taken out */
  for (guint i = room->members->len; i > 0; i--) {
    VmMember *member = g_ptr_array_index (room->members, i - 1);

    if (!member->lost_at)
      continue;
    if (now - member->lost_at >= VM_RESUME_TIME) {
      if (!reason)
        reason = g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
            "The connection to the participant was lost and did not come back "
            "within 30 seconds");
      vm_member_leave (member, reason);
    } else if (now - member->lost_at >= VM_DETACHED_TIME && !member->detached) {
      member->detached = TRUE;
      vm_member_tell_state (member);
    }
  }
}
