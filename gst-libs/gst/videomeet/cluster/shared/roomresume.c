/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Seats that are resumed at another server than the one that has them. The
 * token says in which room the seat is, and its record has the rest. */

#include "cluster/shared/roomshare-priv.h"

#include <string.h>

static gchar *
make_token (VmRooms *rooms, const gchar *name)
{
  guint8 random[VM_CLUSTER_TOKEN_RANDOM];

  rooms->funcs.random (random, sizeof random, rooms->user_data);
  return vm_cluster_token_new (random, name);
}

gchar *
vm_room_share_make_token (VmRoom *room)
{
  return make_token (room->rooms, room->name);
}

/* FALSE: it is refused, with @error. */
static gboolean
ask (VmSeatRequest *request, const VmClusterRecord *record,
    const VmClusterParticipant *one, GError **error)
{
  VmRooms *rooms = request->rooms;
  VmRoomShare *share = rooms->share;
  g_autofree gchar *resume = NULL;
  VmClusterParticipant mine = *one;

  request->resumes = TRUE;
  request->name = g_strdup (record->name);
  request->next = make_token (rooms, record->name);
  resume = vm_cluster_key (request->next);
  mine.resume = resume;
  request->seat = vm_cluster_take_seat (share->cluster, record->name,
      record->id, record->size, 0, &mine, request->text, share->now, error);
  if (!request->seat)
    return FALSE;
  g_hash_table_insert (
      share->requests, GUINT_TO_POINTER (request->seat), request);
  return TRUE;
}

static gboolean
may_resume (const VmSeatRequest *request, const VmClusterParticipant *one,
    GError **error)
{
  /* not by its names: it has the seat, which has them */
  const VmBearer bearer = {
    .key = *one->key ? one->key : NULL,
    .user = one->user,
  };

  if (!*one->key || one->proven || g_strcmp0 (one->key, request->key) == 0)
    return vm_rooms_trust (request->rooms, &bearer, error);
  g_set_error (
      error, VM_ERROR, VM_ERROR_RESUME_FAILED, "The seat is another device's");
  return FALSE;
}

static gboolean
refuse_gone (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED,
      "The seat is given back: its connection was lost for too long, or it "
      "was left");
  return FALSE;
}

/* @room: its key; NULL: the token is for no room of the cluster. */
static gboolean
resume (VmSeatRequest *request, const gchar *room, GError **error)
{
  VmRooms *rooms = request->rooms;
  g_autofree gchar *token = vm_cluster_key (request->text);
  const VmClusterRecord *record =
      room ? vm_cluster_look_up_key (rooms->share->cluster, room) : NULL;
  const VmClusterParticipant *one =
      record ? vm_cluster_record_find_token (record, token) : NULL;

  if (request->meeting_id
      && (!record || strcmp (record->id, request->meeting_id) != 0))
    return vm_rooms_refuse_ended (error);
  if (!one || strcmp (one->node, rooms->share->node) == 0)
    return refuse_gone (error);
  if (rooms->closing)
    return vm_rooms_refuse_closing (error);
  return may_resume (request, one, error) && ask (request, record, one, error);
}

/* NULL: it is answered, and gone. */
static VmSeatRequest *
resume_or_refuse (VmSeatRequest *request, const gchar *room)
{
  g_autoptr (GError) error = NULL;

  if (resume (request, room, &error))
    return request;
  vm_seat_request_refuse (request, error);
  return NULL;
}

static void
on_looked (gboolean known, gpointer user_data)
{
  VmSeatRequest *request = user_data;
  g_autofree gchar *room = vm_cluster_token_get_key (request->text);
  g_autoptr (GError) error = NULL;

  request->look = 0;
  if (known) {
    resume_or_refuse (request, room);
  } else {
    vm_room_share_refuse_lost (&error);
    vm_seat_request_refuse (request, error);
  }
}

/* NULL: it is answered, and gone. */
static VmSeatRequest *
look (VmSeatRequest *request, const gchar *room)
{
  g_autoptr (GError) error = NULL;

  request->look =
      vm_room_share_look (request->rooms->share, room, on_looked, request);
  if (request->look)
    return request;
  g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many are about to come back; try again in half a minute");
  vm_seat_request_refuse (request, error);
  return NULL;
}

VmSeatRequest *
vm_rooms_request_resume (VmRooms *rooms, const gchar *token, const gchar *key,
    const gchar *meeting_id, gpointer peer, const VmSeatFuncs *funcs,
    gpointer user_data)
{
  g_autofree gchar *room = token ? vm_cluster_token_get_key (token) : NULL;
  VmSeatRequest *request;
  g_autoptr (GError) error = NULL;

  if (!rooms->share) {
    refuse_gone (&error);
    funcs->seated (NULL, error, user_data);
    return NULL;
  }
  request = vm_seat_request_new (rooms, NULL, peer, funcs, user_data);
  request->text = g_strdup (token ? token : "");
  request->key = g_strdup (key);
  request->meeting_id = g_strdup (meeting_id);
  if (room && !vm_cluster_has_read (rooms->share->cluster, room))
    return look (request, room);
  return resume_or_refuse (request, room);
}
