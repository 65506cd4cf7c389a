/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a VmAgent tells of a transfer, and of a step of a sync. */

#include <gst/videomeet/vmagent.h>

/* The nicks are what programs read. */
#define VALUE(id, nick) \
  {                     \
    id, #id, nick       \
  }

GType
vm_agent_kind_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = { VALUE (VM_AGENT_KIND_FILE, "file"),
    VALUE (VM_AGENT_KIND_FOLDER, "folder"), VALUE (VM_AGENT_KIND_SYNC, "sync"),
    VALUE (VM_AGENT_KIND_TERMINAL, "terminal"), { 0, NULL, NULL } };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("VmAgentKind", values));
  return type;
}

GType
vm_agent_sync_flags_get_type (void)
{
  static gsize type = 0;
  static const GFlagsValue values[] = { VALUE (
                                            VM_AGENT_SYNC_FLAGS_NONE, "none"),
    VALUE (VM_AGENT_SYNC_FLAGS_WATCH, "watch"),
    VALUE (VM_AGENT_SYNC_FLAGS_DRY_RUN, "dry-run"),
    VALUE (VM_AGENT_SYNC_FLAGS_DELETE, "delete"), { 0, NULL, NULL } };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_flags_register_static ("VmAgentSyncFlags", values));
  return type;
}

G_DEFINE_BOXED_TYPE (VmAgentTransfer, vm_agent_transfer, vm_agent_transfer_copy,
    vm_agent_transfer_free)
G_DEFINE_BOXED_TYPE (
    VmAgentStep, vm_agent_step, vm_agent_step_copy, vm_agent_step_free)

/**
 * vm_agent_transfer_copy:
 * @transfer: a transfer
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.3
 */
VmAgentTransfer *
vm_agent_transfer_copy (const VmAgentTransfer *transfer)
{
  VmAgentTransfer *copy = g_new (VmAgentTransfer, 1);

  *copy = *transfer;
  copy->device_id = g_strdup (transfer->device_id);
  copy->user = g_strdup (transfer->user);
  copy->name = g_strdup (transfer->name);
  copy->lane = g_strdup (transfer->lane);
  copy->saved_path = g_strdup (transfer->saved_path);
  copy->error = transfer->error ? g_error_copy (transfer->error) : NULL;
  return copy;
}

/**
 * vm_agent_transfer_free:
 * @transfer: a transfer
 *
 * Frees it.
 *
 * Since: 0.3
 */
void
vm_agent_transfer_free (VmAgentTransfer *transfer)
{
  g_free (transfer->device_id);
  g_free (transfer->user);
  g_free (transfer->name);
  g_free (transfer->lane);
  g_free (transfer->saved_path);
  g_clear_error (&transfer->error);
  g_free (transfer);
}

/**
 * vm_agent_step_copy:
 * @step: a step
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.3
 */
VmAgentStep *
vm_agent_step_copy (const VmAgentStep *step)
{
  VmAgentStep *copy = g_new (VmAgentStep, 1);

  *copy = *step;
  copy->type = g_strdup (step->type);
  copy->path = g_strdup (step->path);
  copy->from = g_strdup (step->from);
  copy->reason = g_strdup (step->reason);
  return copy;
}

/**
 * vm_agent_step_free:
 * @step: a step
 *
 * Frees it.
 *
 * Since: 0.3
 */
void
vm_agent_step_free (VmAgentStep *step)
{
  g_free (step->type);
  g_free (step->path);
  g_free (step->from);
  g_free (step->reason);
  g_free (step);
}
