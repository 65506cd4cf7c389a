/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Nodes of a process that hosts more than one meeting. */

#include "node/nodebeside.h"
#include "node/nodeparts-priv.h"

/* What the user has set on @from, but for the port: that is in use. */
static void
copy_settings (VmNode *from, VmNode *to)
{
  guint n;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (from), &n);
  gboolean announce_explicit;

  g_mutex_lock (&from->lock);
  announce_explicit = from->settings.announce_explicit;
  g_mutex_unlock (&from->lock);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    if (!(specs[i]->flags & G_PARAM_WRITABLE)
        || specs[i]->param_id == VM_NODE_PROP_PORT
        || (specs[i]->param_id == VM_NODE_PROP_ANNOUNCE && !announce_explicit))
      continue;
    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (G_OBJECT (from), specs[i]->name, &value);
    g_object_set_property (G_OBJECT (to), specs[i]->name, &value);
  }
}

static VmNode *
new_beside (VmNode *self)
{
  g_autofree gchar *folder = NULL;
  VmNode *beside;

  g_mutex_lock (&self->lock);
  folder = g_strdup (self->config_dir);
  g_mutex_unlock (&self->lock);
  beside = vm_node_new (folder);
  vm_node_set_udp_port (beside, self->udp_port);
  copy_settings (self, beside);
  return beside;
}

/* Whether nobody else hosts here, and the server can have that port. */
static gboolean
take (VmNode *self, const gchar *user, guint16 port)
{
  gboolean free;

  g_mutex_lock (&self->lock);
  free = !self->host_taken
         && (!port || !self->bound_port || port == self->bound_port);
  if (free) {
    self->host_taken = TRUE;
    self->host_user = user ? vm_node_settings_clean (user) : NULL;
  }
  g_mutex_unlock (&self->lock);
  if (free)
    vm_node_queue_refresh (self);
  return free;
}

VmNode *
vm_node_take_to_host (VmNode *self, const gchar *user, guint16 port)
{
  VmNode *node;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);

  if (take (self, user, port)) {
    node = g_object_ref (self);
  } else {
    node = new_beside (self);
    take (node, user, 0);
  }
  if (port)
    g_object_set (node, "port", (guint) port, NULL);
  return node;
}

void
vm_node_end_hosting (VmNode *self)
{
  g_return_if_fail (VM_IS_NODE (self));

  g_mutex_lock (&self->lock);
  self->host_taken = FALSE;
  g_clear_pointer (&self->host_user, g_free);
  g_mutex_unlock (&self->lock);
  vm_node_queue_refresh (self);
}
