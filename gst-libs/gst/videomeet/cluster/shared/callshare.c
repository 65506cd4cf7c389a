/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose a name is, over the records of the cluster, and what servers say of
 * calls to one another. Whoever has a name is asked before it is given to
 * somebody else: a server that was killed does not answer, and its record would
 * hold for half a minute. */

#include "cluster/shared/callshare.h"
#include "call/calls-priv.h"
#include "cluster/clusterpack.h"
#include "cluster/shared/callseek.h"
#include "cluster/shared/roomshare-priv.h"
#include "base/text.h"

#include <string.h>

#define MAGIC "VMC1"
/* A Word; whom it is from and for; a call's id; what a client is told. */
#define MESSAGE "(usssay)"

typedef enum
{
  SAY, /* in a call */
  CLAIM, /* that call goes on */
  ASK, /* whether that user is there */
  HERE,
  AWAY,
} Word;

struct _VmCallShare
{
  VmRoomShare *share;
  VmNameDirectory *directory;
  VmCalls *calls;
  GHashTable *requests; /* seat -> VmCallRequest, which waits for it */
  GQueue asking; /* of VmCallRequest, which wait for an answer */
  GHashTable *watched; /* name -> Watch */
  VmCallSeek *seek; /* names whose server is not known yet */
};

typedef struct
{
  guint n; /* that watch it */
  gboolean known; /* its record is watched */
} Watch;

struct _VmCallRequest
{
  VmCallShare *share; /* NULL: it is over */
  gchar *id;
  gchar *name;
  gpointer peer;
  VmCallsSeated seated;
  gpointer user_data;
  guint seat; /* 0: it asks */
  gchar *owner; /* whom it asks, or from whom it takes the name; or NULL */
  gint64 asked_at;
  gboolean again; /* it was given back meanwhile, and is tried for once more */
};

static void
request_free (VmCallRequest *request)
{
  g_free (request->id);
  g_free (request->name);
  g_free (request->owner);
  g_free (request);
}

static void
forget (VmCallRequest *request)
{
  if (!request->share)
    return;
  g_hash_table_remove (
      request->share->requests, GUINT_TO_POINTER (request->seat));
  g_queue_remove (&request->share->asking, request);
}

static void
refuse (VmCallRequest *request, const GError *error)
{
  forget (request);
  request->seated (NULL, error, request->user_data);
  request_free (request);
}

static void
refuse_taken (VmCallRequest *request)
{
  g_autoptr (GError) error = NULL;

  vm_calls_set_taken (&error, request->id);
  refuse (request, error);
}

/* What is said */

static void
tell (VmCallShare *self, const gchar *node, Word word, const gchar *from,
    const gchar *to, const gchar *call_id, GBytes *text)
{
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) message = vm_cluster_pack (
      MAGIC, g_variant_new ("(usss@ay)", (guint) word, from ? from : "",
                 to ? to : "", call_id ? call_id : "",
                 g_variant_new_from_bytes (
                     G_VARIANT_TYPE_BYTESTRING, text ? text : none, TRUE)));

  vm_room_share_tell (self->share, node, message);
}

static void
say (VmCallShare *self, const gchar *node, const gchar *from, const gchar *to,
    const VmCallMessage *message)
{
  g_autoptr (GBytes) text = vm_call_message_format (message);

  if (!vm_calls_is_node (node) || vm_call_seek_has (self->seek, to))
    vm_call_seek_say (
        self->seek, from, to, message->call_id, text, self->share->now);
  else
    tell (self, node, SAY, from, to, message->call_id, text);
}

static void
claim (VmCallShare *self, const gchar *node, const gchar *from, const gchar *to,
    const gchar *call_id)
{
  tell (self, node, CLAIM, from, to, call_id, NULL);
}

/* Names */

static VmCallUser *
find_user (VmCallShare *self, const gchar *id)
{
  return g_hash_table_lookup (self->calls->users, id);
}

static gboolean
is_own (VmCallShare *self, const gchar *node)
{
  return strcmp (node, vm_room_share_get_node (self->share)) == 0;
}

/* The server that has the name, or NULL. */
static const gchar *
find_owner (VmCallShare *self, const gchar *id)
{
  const VmClusterRecord *record =
      vm_name_directory_look_up (self->directory, id);
  const VmClusterParticipant *one = record && record->participants->len
                                        ? record->participants->pdata[0]
                                        : NULL;

  return one ? one->node : NULL;
}

static gboolean
is_absent (VmCallShare *self, const gchar *node)
{
  return vm_name_directory_is_absent (self->directory, node);
}

static const gchar *
find (VmCallShare *self, const gchar *id)
{
  const gchar *node = find_owner (self, id);

  if (!vm_name_directory_has_read (self->directory, id))
    return VM_CALLS_SOUGHT;
  return node && !is_own (self, node) && !is_absent (self, node) ? node : NULL;
}

static void
watch (VmCallShare *self, const gchar *id)
{
  Watch *watch = g_hash_table_lookup (self->watched, id);

  if (!watch) {
    watch = g_new0 (Watch, 1);
    g_hash_table_insert (self->watched, g_strdup (id), watch);
  }
  watch->n++;
  if (!watch->known)
    watch->known = vm_name_directory_watch (self->directory, id);
}

static void
unwatch (VmCallShare *self, const gchar *id)
{
  Watch *watch = g_hash_table_lookup (self->watched, id);

  g_return_if_fail (watch != NULL);

  if (--watch->n)
    return;
  if (watch->known)
    vm_name_directory_unwatch (self->directory, id);
  g_hash_table_remove (self->watched, id);
}

static void
on_found (const gchar *node, const gchar *from, const gchar *to,
    const gchar *call_id, GBytes *text, gpointer user_data)
{
  tell (user_data, node, SAY, from, to, call_id, text);
}

/* Those whose record has that key, or who were looked for too long if it is
 * NULL. */
static void
look_who_is_found (VmCallShare *self, const gchar *key)
{
  g_autoptr (GPtrArray) names =
      vm_call_seek_list (self->seek, key, self->share->now);

  for (guint i = 0; i < names->len; i++) {
    const gchar *name = names->pdata[i];
    const gchar *node = find (self, name);

    if (!vm_calls_is_node (node))
      node = NULL;
    vm_call_seek_end (self->seek, name, node, on_found, self);
    vm_calls_found (self->calls, name, node);
  }
}

/* FALSE: the request is refused, and gone. @owner: from whom the name is taken,
 * or NULL. */
static gboolean
take_name (VmCallRequest *request, const gchar *owner)
{
  VmCallShare *self = request->share;
  const VmClusterParticipant one = { .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (GError) error = NULL;

  request->seat = vm_name_directory_take_seat (
      self->directory, request->id, 1, &one, owner, &error);
  if (!request->seat) {
    refuse (request, error);
    return FALSE;
  }
  g_hash_table_insert (
      self->requests, GUINT_TO_POINTER (request->seat), request);
  return TRUE;
}

static VmCallRequest *
request (VmCallShare *self, const gchar *id, const gchar *name, gpointer peer,
    VmCallsSeated seated, gpointer user_data)
{
  VmCallRequest *request = g_new0 (VmCallRequest, 1);

  request->share = self;
  request->id = g_strdup (id);
  request->name = g_strdup (name);
  request->peer = peer;
  request->seated = seated;
  request->user_data = user_data;
  return take_name (request, NULL) ? request : NULL;
}

void
vm_call_request_cancel (VmCallRequest *request)
{
  forget (request);
  if (request->share && request->seat)
    vm_name_directory_leave (request->share->directory, request->seat);
  request_free (request);
}

static void
leave (VmCallShare *self, guint seat)
{
  vm_name_directory_leave (self->directory, seat);
}

static void
grant (VmCallRequest *request)
{
  VmCallShare *self = request->share;
  g_autoptr (GError) error = NULL;
  VmCallUser *user = vm_calls_register (self->calls, request->id, request->name,
      request->peer, self->share->now, &error);

  if (!user) {
    vm_name_directory_leave (self->directory, request->seat);
    refuse (request, error);
    return;
  }
  user->seat = request->seat;
  forget (request);
  request->seated (user, NULL, request->user_data);
  request_free (request);
}

static void
ask (VmCallRequest *request, const gchar *owner)
{
  VmCallShare *self = request->share;

  g_free (request->owner);
  request->owner = g_strdup (owner);
  request->asked_at = self->share->now;
  g_queue_push_tail (&self->asking, request);
  tell (self, owner, ASK, NULL, request->id, NULL, NULL);
}

/* Whoever had the name has it no more, or does not answer. */
static void
take_over (VmCallRequest *request)
{
  g_queue_remove (&request->share->asking, request);
  take_name (request, request->owner);
}

static void
look_who_has_it (VmCallRequest *request)
{
  VmCallShare *self = request->share;
  const gchar *owner = find_owner (self, request->id);

  forget (request);
  request->seat = 0;
  if (!owner && !request->again) {
    request->again = TRUE;
    take_name (request, NULL);
  } else if (!owner || request->owner || is_own (self, owner)) {
    refuse_taken (request);
  } else {
    ask (request, owner);
  }
}

static void
on_seated (guint epoch, const GError *error, gpointer user_data)
{
  VmCallShare *self = user_data;
  VmCallRequest *request =
      g_hash_table_lookup (self->requests, GUINT_TO_POINTER (epoch));

  if (!request)
    return;
  if (!error)
    grant (request);
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_FULL)
           || g_error_matches (error, VM_ERROR, VM_ERROR_RESUME_FAILED))
    look_who_has_it (request);
  else
    refuse (request, error);
}

static void
on_gone (guint epoch, const GError *reason, gpointer user_data)
{
  VmCallShare *self = user_data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->calls->users);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmCallUser *user = value;
    g_autoptr (GError) error = NULL;

    if (user->seat != epoch)
      continue;
    vm_calls_set_taken (&error, user->id);
    vm_call_user_lose (user, error);
    return;
  }
}

/* Whoever says that a call goes on with that user says so to where it is now,
 * and who has ended one has. */
static void
on_changed (const gchar *key, gpointer user_data)
{
  VmCallShare *self = user_data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->calls->users);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const VmCallUser *user = value;
    g_autofree gchar *other =
        user->claim_other ? vm_cluster_key (user->claim_other) : NULL;

    if (g_strcmp0 (other, key) == 0)
      vm_call_user_say_claim (user);
  }
  vm_calls_say_ends (self->calls, key);
  look_who_is_found (self, key);
}

static void
on_tick (gint64 now, gpointer user_data)
{
  VmCallShare *self = user_data;

  for (GList *one = self->asking.head, *next; one; one = next) {
    VmCallRequest *request = one->data;

    next = one->next;
    if (now - request->asked_at >= VM_CALL_ASK_TIME
        || is_absent (self, request->owner))
      take_over (request);
  }
  look_who_is_found (self, NULL);
}

/* What is heard */

static gboolean
is_requested (VmCallShare *self, const gchar *id)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->requests);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (strcmp (((VmCallRequest *) value)->id, id) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
take_answer (VmCallShare *self, const gchar *node, const gchar *id, Word word)
{
  for (GList *one = self->asking.head, *next; one; one = next) {
    VmCallRequest *request = one->data;

    next = one->next;
    if (strcmp (request->id, id) != 0 || strcmp (request->owner, node) != 0)
      continue;
    if (word == HERE)
      refuse_taken (request);
    else
      take_over (request);
  }
}

static void
take_word (VmCallShare *self, const gchar *node, const gchar *from,
    const gchar *to, GBytes *text)
{
  g_autoptr (VmCallMessage) message =
      vm_call_message_parse (VM_CALL_SIDE_CLIENT, text, NULL);

  if (message && message->type != VM_CALL_ERROR
      && message->type != VM_CALL_REGISTERED
      && (message->type == VM_CALL_FAILED || *from))
    vm_calls_hear (self->calls, node, from, to, message, self->share->now);
}

static void
take (VmCallShare *self, const gchar *node, Word word, const gchar *from,
    const gchar *to, const gchar *call_id, GBytes *text)
{
  switch (word) {
    case SAY:
      take_word (self, node, from, to, text);
      break;
    case CLAIM:
      if (*from && *call_id)
        vm_calls_hear_claim (self->calls, node, from, to, call_id);
      break;
    case ASK:
      tell (self, node,
          find_user (self, to) || is_requested (self, to) ? HERE : AWAY, NULL,
          to, NULL, NULL);
      break;
    case HERE:
    case AWAY:
      take_answer (self, node, to, word);
      break;
    default:
      break;
  }
}

static void
hear (const gchar *node, GBytes *bytes, gpointer user_data)
{
  g_autoptr (GVariant) variant = vm_cluster_unpack (MAGIC, MESSAGE, bytes);
  g_autoptr (GVariant) body = NULL;
  g_autoptr (GBytes) text = NULL;
  const gchar *from, *to, *call_id;
  guint32 word;

  if (!variant)
    return;
  g_variant_get (variant, "(u&s&s&s@ay)", &word, &from, &to, &call_id, &body);
  text = g_variant_get_data_as_bytes (body);
  if (*to && vm_text_is_name (from, VM_CALL_NAME_MAX)
      && vm_text_is_name (to, VM_CALL_NAME_MAX)
      && vm_text_is_name (call_id, VM_CALL_ID_MAX))
    take (user_data, node, word, from, to, call_id, text);
}

static const VmCallsRemote remote = {
  .request = request,
  .leave = leave,
  .find = find,
  .watch = watch,
  .unwatch = unwatch,
  .is_absent = is_absent,
  .say = say,
  .claim = claim,
  .key = vm_cluster_key,
};

VmCallShare *
vm_call_share_new (VmRoomShare *share, VmCalls *calls)
{
  static const VmNameDirectoryFuncs funcs = {
    .seated = on_seated,
    .gone = on_gone,
    .changed = on_changed,
    .tick = on_tick,
  };
  VmCallShare *self = g_new0 (VmCallShare, 1);

  self->share = share;
  self->calls = calls;
  self->directory = vm_name_directory_new (share, VM_SHARE_USERS, &funcs, self);
  self->requests = g_hash_table_new (NULL, NULL);
  self->watched =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->seek = vm_call_seek_new ();
  g_queue_init (&self->asking);
  vm_room_share_set_hearer (share, VM_SHARE_USERS, MAGIC, hear, self);
  calls->share = self;
  calls->remote = &remote;
  return self;
}

void
vm_call_share_free (VmCallShare *self)
{
  GHashTableIter iter;
  gpointer value;

  vm_room_share_set_hearer (self->share, VM_SHARE_USERS, MAGIC, NULL, NULL);
  self->calls->share = NULL;
  self->calls->remote = NULL;
  /* whoever asked is gone, or cannot be told */
  g_hash_table_iter_init (&iter, self->requests);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    ((VmCallRequest *) value)->share = NULL;
  for (GList *one = self->asking.head; one; one = one->next)
    ((VmCallRequest *) one->data)->share = NULL;
  g_hash_table_unref (self->requests);
  g_queue_clear (&self->asking);
  g_hash_table_unref (self->watched);
  vm_call_seek_free (self->seek);
  vm_name_directory_free (self->directory);
  g_free (self);
}
