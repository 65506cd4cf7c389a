/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterpack.h"
#include "cluster/clusterrecord.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "VMR1"
#define ID_DIGITS_MAX 9
#define JOINED_MAX 999999999 /* what those can say */
#define PARTICIPANT "(ssusssssssub)"
#define RECORD "(ssuuba" PARTICIPANT ")"

VmClusterParticipant *
vm_cluster_participant_copy (const VmClusterParticipant *one)
{
  VmClusterParticipant *copy = g_new (VmClusterParticipant, 1);

  copy->id = g_strdup (one->id);
  copy->node = g_strdup (one->node);
  copy->epoch = one->epoch;
  copy->alias = g_strdup (one->alias ? one->alias : "");
  copy->user = g_strdup (one->user ? one->user : "");
  copy->device = g_strdup (one->device ? one->device : "");
  copy->device_id = g_strdup (one->device_id ? one->device_id : "");
  copy->key = g_strdup (one->key ? one->key : "");
  copy->nonce = g_strdup (one->nonce ? one->nonce : "");
  copy->resume = g_strdup (one->resume ? one->resume : "");
  copy->call_type = one->call_type;
  copy->proven = one->proven;
  return copy;
}

void
vm_cluster_participant_free (VmClusterParticipant *one)
{
  g_free (one->id);
  g_free (one->node);
  g_free (one->alias);
  g_free (one->user);
  g_free (one->device);
  g_free (one->device_id);
  g_free (one->key);
  g_free (one->nonce);
  g_free (one->resume);
  g_free (one);
}

VmClusterRecord *
vm_cluster_record_new (const gchar *name, const gchar *id, guint size)
{
  VmClusterRecord *record = g_new0 (VmClusterRecord, 1);

  record->name = g_strdup (name);
  record->id = g_strdup (id);
  record->size = size;
  record->participants = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vm_cluster_participant_free);
  return record;
}

VmClusterRecord *
vm_cluster_record_copy (const VmClusterRecord *record)
{
  VmClusterRecord *copy =
      vm_cluster_record_new (record->name, record->id, record->size);

  copy->joined = record->joined;
  copy->locked = record->locked;
  for (guint i = 0; i < record->participants->len; i++)
    g_ptr_array_add (copy->participants,
        vm_cluster_participant_copy (record->participants->pdata[i]));
  return copy;
}

void
vm_cluster_record_free (VmClusterRecord *record)
{
  g_free (record->name);
  g_free (record->id);
  g_ptr_array_unref (record->participants);
  g_free (record);
}

GBytes *
vm_cluster_record_write (const VmClusterRecord *record)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("a" PARTICIPANT));
  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    g_variant_builder_add (&list, PARTICIPANT, one->id, one->node, one->epoch,
        one->alias, one->user, one->device, one->device_id, one->key,
        one->nonce, one->resume, (guint) one->call_type, one->proven);
  }
  return vm_cluster_pack (
      MAGIC, g_variant_new (RECORD, record->name, record->id, record->size,
                 record->joined, record->locked, &list));
}

static gboolean
is_name (const gchar *text)
{
  return !text || vm_text_is_name (text, VM_NAME_MAX);
}

gboolean
vm_cluster_participant_is_good (const VmClusterParticipant *one)
{
  return is_name (one->alias) && is_name (one->user) && is_name (one->device)
         && is_name (one->device_id) && is_name (one->key)
         && is_name (one->nonce) && is_name (one->resume)
         && (one->call_type == VM_CALL_TYPE_AUDIO
             || one->call_type == VM_CALL_TYPE_VIDEO);
}

/* The number of an id as vm_cluster_record_seat() makes it, or 0. */
static guint
number_of (const gchar *id)
{
  gsize digits = strspn (id[0] == 'p' ? id + 1 : "", "0123456789");

  if (digits < 3 || digits > ID_DIGITS_MAX || id[1 + digits])
    return 0;
  return (guint) strtoul (id + 1, NULL, 10);
}

static gboolean
is_participant (const VmClusterParticipant *one, guint joined)
{
  guint number = number_of (one->id);

  return number > 0 && number <= joined && vm_cluster_is_node (one->node)
         && vm_cluster_participant_is_good (one);
}

/* Nobody is listed twice. */
static gboolean
is_unique (const VmClusterRecord *record, const VmClusterParticipant *one)
{
  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *other = record->participants->pdata[i];

    if (strcmp (other->id, one->id) == 0
        || (other->epoch == one->epoch && strcmp (other->node, one->node) == 0))
      return FALSE;
  }
  return TRUE;
}

gboolean
vm_cluster_participant_is_same (
    const VmClusterParticipant *a, const VmClusterParticipant *b)
{
  return strcmp (a->alias, b->alias) == 0 && strcmp (a->user, b->user) == 0
         && strcmp (a->device, b->device) == 0
         && strcmp (a->device_id, b->device_id) == 0
         && strcmp (a->key, b->key) == 0 && strcmp (a->nonce, b->nonce) == 0
         && a->call_type == b->call_type;
}

static gboolean
has_same_place (const VmClusterParticipant *a, const VmClusterParticipant *b)
{
  return strcmp (a->id, b->id) == 0 && strcmp (a->node, b->node) == 0
         && a->epoch == b->epoch && strcmp (a->resume, b->resume) == 0
         && !a->proven == !b->proven;
}

gboolean
vm_cluster_record_is_same (const VmClusterRecord *a, const VmClusterRecord *b)
{
  if (!a || !b)
    return a == b;
  if (strcmp (a->name, b->name) != 0 || strcmp (a->id, b->id) != 0
      || a->size != b->size || a->joined != b->joined
      || !a->locked != !b->locked
      || a->participants->len != b->participants->len)
    return FALSE;
  for (guint i = 0; i < a->participants->len; i++) {
    const VmClusterParticipant *one = a->participants->pdata[i];
    const VmClusterParticipant *other = b->participants->pdata[i];

    if (!has_same_place (one, other)
        || !vm_cluster_participant_is_same (one, other))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_participants (VmClusterRecord *record, GVariant *list)
{
  GVariantIter iter;
  const gchar *id, *node, *alias, *user, *device, *device_id, *key, *nonce;
  const gchar *resume;
  guint32 epoch, call_type;
  gboolean proven;

  if (g_variant_n_children (list) > VM_SIGNAL_ROSTER_MAX)
    return FALSE;
  g_variant_iter_init (&iter, list);
  while (g_variant_iter_next (&iter, "(&s&su&s&s&s&s&s&s&sub)", &id, &node,
      &epoch, &alias, &user, &device, &device_id, &key, &nonce, &resume,
      &call_type, &proven)) {
    const VmClusterParticipant one = { .id = (gchar *) id,
      .node = (gchar *) node,
      .epoch = epoch,
      .alias = (gchar *) alias,
      .user = (gchar *) user,
      .device = (gchar *) device,
      .device_id = (gchar *) device_id,
      .key = (gchar *) key,
      .nonce = (gchar *) nonce,
      .resume = (gchar *) resume,
      .call_type = (VmCallType) call_type,
      .proven = proven };

    if (!is_participant (&one, record->joined) || !is_unique (record, &one))
      return FALSE;
    g_ptr_array_add (record->participants, vm_cluster_participant_copy (&one));
  }
  return TRUE;
}

static VmClusterRecord *
read_variant (GVariant *variant)
{
  g_autoptr (VmClusterRecord) record = NULL;
  g_autoptr (GVariant) list = NULL;
  const gchar *name, *id;
  guint32 size, joined;
  gboolean locked;

  g_variant_get (variant, "(&s&suub@a" PARTICIPANT ")", &name, &id, &size,
      &joined, &locked, &list);
  if (!*name || !is_name (name) || !*id || !is_name (id) || size < 1
      || size > VM_SIGNAL_ROSTER_MAX || joined > JOINED_MAX)
    return NULL;
  record = vm_cluster_record_new (name, id, size);
  record->joined = joined;
  record->locked = locked;
  return read_participants (record, list) ? g_steal_pointer (&record) : NULL;
}

VmClusterRecord *
vm_cluster_record_read (GBytes *bytes, GError **error)
{
  g_autoptr (GVariant) variant = NULL;
  VmClusterRecord *record = NULL;

  if (g_bytes_get_size (bytes) > VM_CLUSTER_RECORD_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The record of a room has more than %d bytes", VM_CLUSTER_RECORD_MAX);
    return NULL;
  }
  variant = vm_cluster_unpack (MAGIC, RECORD, bytes);
  if (variant)
    record = read_variant (variant);
  if (!record)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The record of a room cannot be read");
  return record;
}

VmClusterParticipant *
vm_cluster_record_find (
    const VmClusterRecord *record, const gchar *node, guint epoch)
{
  for (guint i = 0; i < record->participants->len; i++) {
    VmClusterParticipant *one = record->participants->pdata[i];

    if (one->epoch == epoch && strcmp (one->node, node) == 0)
      return one;
  }
  return NULL;
}

static gboolean
is_same_device (const VmClusterParticipant *a, const VmClusterParticipant *b)
{
  return *a->key && strcmp (a->key, b->key) == 0
         && strcmp (a->device_id, b->device_id) == 0;
}

static gint
find_id (const VmClusterRecord *record, const gchar *id)
{
  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    if (strcmp (one->id, id) == 0)
      return i;
  }
  return -1;
}

const VmClusterParticipant *
vm_cluster_record_find_id (const VmClusterRecord *record, const gchar *id)
{
  gint i = find_id (record, id);

  return i >= 0 ? record->participants->pdata[i] : NULL;
}

const VmClusterParticipant *
vm_cluster_record_find_token (const VmClusterRecord *record, const gchar *token)
{
  for (guint i = 0; *token && i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    if (strcmp (one->resume, token) == 0)
      return one;
  }
  return NULL;
}

void
vm_cluster_record_look_who_moderates (VmClusterRecord *record)
{
  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    if (!*one->alias)
      return;
  }
  record->locked = FALSE;
}

gboolean
vm_cluster_record_has_other (
    const VmClusterRecord *record, const VmClusterParticipant *one)
{
  if (one->id && find_id (record, one->id) >= 0)
    return TRUE;
  for (guint i = 0; i < record->participants->len; i++) {
    if (is_same_device (record->participants->pdata[i], one))
      return TRUE;
  }
  return FALSE;
}

/* The older entry of the same device is taken out. What a device without a key
 * says it is called proves nothing, and harms nobody. */
static gboolean
replace_older (
    VmClusterRecord *record, const VmClusterParticipant *one, GError **error)
{
  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *other = record->participants->pdata[i];

    if (!*one->device_id || !*other->key
        || strcmp (other->device_id, one->device_id) != 0)
      continue;
    if (!is_same_device (other, one)) {
      g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
          "That device is in the meeting already, with a key of its own");
      return FALSE;
    }
    g_ptr_array_remove_index (record->participants, i);
    return TRUE;
  }
  return TRUE;
}

/* Those who have come back stand where they stood: ids tell who came first. */
static gint
compare_joined (gconstpointer a, gconstpointer b)
{
  const VmClusterParticipant *const *one = a, *const *other = b;
  gsize length = strlen ((*one)->id), other_length = strlen ((*other)->id);

  if (length != other_length)
    return length < other_length ? -1 : 1;
  return strcmp ((*one)->id, (*other)->id);
}

const VmClusterParticipant *
vm_cluster_record_seat (
    VmClusterRecord *record, const VmClusterParticipant *one, GError **error)
{
  g_autoptr (VmClusterParticipant) seated = vm_cluster_participant_copy (one);

  if (seated->id && find_id (record, seated->id) >= 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED,
        "Somebody else has that seat of the meeting");
    return NULL;
  }
  if (record->locked && !seated->id) {
    g_set_error (error, VM_ERROR, VM_ERROR_MEETING_LOCKED,
        "The host admits nobody else to the meeting");
    return NULL;
  }
  if (!replace_older (record, seated, error))
    return NULL;
  if (record->participants->len >= record->size
      || (!seated->id && record->joined >= JOINED_MAX)) {
    g_set_error (error, VM_ERROR, VM_ERROR_MEETING_FULL,
        "All %u seats of the meeting are taken", record->size);
    return NULL;
  }
  if (seated->id)
    record->joined = MAX (record->joined, number_of (seated->id));
  else
    seated->id = g_strdup_printf ("p%03u", ++record->joined);
  one = seated;
  g_ptr_array_add (record->participants, g_steal_pointer (&seated));
  g_ptr_array_sort (record->participants, compare_joined);
  return one;
}

const VmClusterParticipant *
vm_cluster_record_resume (VmClusterRecord *record,
    const VmClusterParticipant *one, const gchar *token, GError **error)
{
  for (guint i = 0; *token && i < record->participants->len; i++) {
    VmClusterParticipant *held = record->participants->pdata[i];

    if (strcmp (held->resume, token) != 0
        || (*held->key && !held->proven
            && g_strcmp0 (held->key, one->key) != 0))
      continue;
    g_free (held->node);
    held->node = g_strdup (one->node);
    held->epoch = one->epoch;
    g_free (held->resume);
    held->resume = g_strdup (one->resume);
    return held;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED,
      "There is no seat that this brings back");
  return NULL;
}

/* The seat or the device of @one, in @record; -1: neither is there. */
static gint
find_place (const VmClusterRecord *record, const VmClusterParticipant *one)
{
  gint i = find_id (record, one->id);

  for (guint n = 0; i < 0 && n < record->participants->len; n++) {
    if (is_same_device (record->participants->pdata[n], one))
      i = (gint) n;
  }
  return i;
}

static void
merge_one (VmClusterRecord *record, const VmClusterParticipant *one)
{
  gint i = find_place (record, one);
  const VmClusterParticipant *known =
      i >= 0 ? record->participants->pdata[i] : NULL;

  if (vm_cluster_record_find (record, one->node, one->epoch))
    return;
  if (known && strcmp (known->id, one->id) == 0
      && !vm_cluster_participant_is_same (known, one))
    return;
  if (known)
    g_ptr_array_remove_index (record->participants, (guint) i);
  if (record->participants->len < record->size)
    g_ptr_array_add (record->participants, vm_cluster_participant_copy (one));
}

void
vm_cluster_record_merge (VmClusterRecord *record, const VmClusterRecord *other)
{
  if (strcmp (record->id, other->id) != 0)
    return;
  record->joined = MAX (record->joined, other->joined);
  for (guint i = 0; i < other->participants->len; i++)
    merge_one (record, other->participants->pdata[i]);
  g_ptr_array_sort (record->participants, compare_joined);
}
