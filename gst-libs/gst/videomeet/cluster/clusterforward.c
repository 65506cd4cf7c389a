/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterforward.h"
#include "base/text.h"
#include "cluster/clusterpack.h"

#include <string.h>

#define MAGIC "VMP1"
/* Node, kind, number, sid, key or "", status, body. */
#define FORWARD "(sutssuay)"

typedef struct
{
  guint64 number;
  gchar *node; /* that is asked */
  gchar *sid;
  gpointer asker;
  gint64 deadline;
} Waiting;

struct _VmForwards
{
  VmForwardsFuncs funcs;
  VmForwardsHear hear;
  gpointer user_data;
  gchar *node;
  GHashTable *waiting; /* number -> Waiting */
  guint64 asked;
};

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_free (waiting->node);
  g_free (waiting->sid);
  g_free (waiting);
}

VmForwards *
vm_forwards_new (const gchar *node, const VmForwardsFuncs *funcs,
    const VmForwardsHear *hear, gpointer user_data)
{
  VmForwards *self = g_new0 (VmForwards, 1);

  self->node = g_strdup (node);
  self->funcs = *funcs;
  self->hear = *hear;
  self->user_data = user_data;
  self->waiting =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, waiting_free);
  return self;
}

void
vm_forwards_free (VmForwards *self)
{
  g_hash_table_unref (self->waiting);
  g_free (self->node);
  g_free (self);
}

guint
vm_forwards_count (VmForwards *self)
{
  return g_hash_table_size (self->waiting);
}

/* Frames */

GBytes *
vm_forward_write (const VmForward *forward)
{
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);

  return vm_cluster_pack (MAGIC,
      g_variant_new ("(sutssu@ay)", forward->node, (guint32) forward->kind,
          forward->number, forward->sid ? forward->sid : "",
          forward->key ? forward->key : "", (guint32) forward->status,
          g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING,
              forward->body ? forward->body : none, TRUE)));
}

static gboolean
is_good (const VmForward *forward)
{
  gsize most = forward->kind == VM_FORWARD_POST ? VM_ENGINE_PAYLOAD_MAX
                                                : VM_FORWARD_BODY_MAX;

  return forward->kind < VM_FORWARD_N_KINDS
         && vm_cluster_is_node (forward->node)
         && vm_text_is_name (forward->sid, VM_FORWARD_SID_MAX)
         && (!forward->key || vm_text_is_name (forward->key, VM_NAME_MAX))
         && g_bytes_get_size (forward->body) <= most;
}

/* Its texts belong to @variant, its body to the caller. */
static gboolean
read_frame (GVariant *variant, VmForward *forward)
{
  g_autoptr (GVariant) body = NULL;
  guint32 kind, status;

  g_variant_get (variant, "(&sut&s&su@ay)", &forward->node, &kind,
      &forward->number, &forward->sid, &forward->key, &status, &body);
  forward->kind = kind;
  forward->status = status;
  if (!*forward->key)
    forward->key = NULL;
  forward->body = g_variant_get_data_as_bytes (body);
  return is_good (forward);
}

static void
send_frame (VmForwards *self, const gchar *to, const VmForward *forward)
{
  VmForward own = *forward;
  g_autoptr (GBytes) frame = NULL;

  own.node = self->node;
  frame = vm_forward_write (&own);
  self->funcs.send (to, frame, self->user_data);
}

/* Asking */

guint64
vm_forwards_ask (VmForwards *self, const gchar *node, const VmForward *forward,
    gpointer asker, gint64 now)
{
  VmForward own = *forward;
  Waiting *waiting;

  if (vm_forwards_count (self) >= VM_FORWARDS_MAX)
    return 0;
  waiting = g_new (Waiting, 1);
  *waiting = (Waiting){ ++self->asked, g_strdup (node), g_strdup (forward->sid),
    asker, now + VM_FORWARD_TIME };
  g_hash_table_insert (self->waiting, &waiting->number, waiting);
  own.number = waiting->number;
  send_frame (self, node, &own);
  return own.number;
}

static void
give_up (VmForwards *self, const Waiting *waiting)
{
  const VmForward forward = {
    .kind = VM_FORWARD_GIVE_UP, .number = waiting->number, .sid = waiting->sid
  };

  send_frame (self, waiting->node, &forward);
}

void
vm_forwards_cancel (VmForwards *self, guint64 number)
{
  Waiting *waiting = g_hash_table_lookup (self->waiting, &number);

  if (!waiting)
    return;
  give_up (self, waiting);
  g_hash_table_remove (self->waiting, &number);
}

static void
end (VmForwards *self, Waiting *waiting, guint status, GBytes *body,
    gboolean gone)
{
  gpointer asker = waiting->asker;

  g_hash_table_remove (self->waiting, &waiting->number);
  self->hear.answered (asker, status, body, gone, self->user_data);
}

void
vm_forwards_tick (VmForwards *self, VmForwardsAlive alive, gint64 now)
{
  g_autoptr (GList) all = g_hash_table_get_values (self->waiting);

  /* none of those that wait goes because another is answered */
  for (GList *one = all; one; one = one->next) {
    Waiting *waiting = one->data;

    if (!alive (waiting->node, self->user_data)) {
      end (self, waiting, 0, NULL, TRUE);
    } else if (now >= waiting->deadline) {
      give_up (self, waiting);
      end (self, waiting, 0, NULL, FALSE);
    }
  }
}

/* Answering */

void
vm_forwards_answer (VmForwards *self, const gchar *node, guint64 number,
    guint status, GBytes *body)
{
  const VmForward forward = {
    .kind = VM_FORWARD_ANSWER, .number = number, .status = status, .body = body
  };

  send_frame (self, node, &forward);
}

static void
take_answer (VmForwards *self, const VmForward *forward)
{
  Waiting *waiting = g_hash_table_lookup (self->waiting, &forward->number);

  if (waiting && strcmp (waiting->node, forward->node) == 0
      && forward->status >= 200 && forward->status <= 599)
    end (self, waiting, forward->status, forward->body, FALSE);
}

gboolean
vm_forwards_take (VmForwards *self, GBytes *frame)
{
  g_autoptr (GVariant) variant = vm_cluster_unpack (MAGIC, FORWARD, frame);
  g_autoptr (GBytes) body = NULL;
  VmForward forward;
  gboolean good;

  if (!variant)
    return FALSE;
  good = read_frame (variant, &forward);
  body = forward.body;
  if (good && forward.kind == VM_FORWARD_ANSWER)
    take_answer (self, &forward);
  else if (good)
    self->hear.asked (&forward, self->user_data);
  return TRUE;
}
