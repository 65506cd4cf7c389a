/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmagent.h>

G_BEGIN_DECLS

/**
 * VM_TERMINAL_VIEWERS_MAX:
 *
 * Viewers that a shared terminal has at a time; more are denied.
 *
 * Since: 0.3
 */
#define VM_TERMINAL_VIEWERS_MAX 64

/**
 * VmTerminal:
 *
 * A terminal that a #VmAgent shares, or one of another agent that it shows.
 *
 * Since: 0.3
 */
#define VM_TYPE_TERMINAL (vm_terminal_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmTerminal, vm_terminal, VM, TERMINAL, GObject)

VM_API VmTerminal *
vm_agent_share_terminal (VmAgent *self, const gchar *const *argv, guint columns,
    guint rows, GCancellable *cancellable, GError **error);
VM_API VmTerminal *vm_agent_view_terminal (
    VmAgent *self, const gchar *name, GCancellable *cancellable);

VM_API gboolean vm_terminal_write (
    VmTerminal *self, const guint8 *data, gsize size);
VM_API void vm_terminal_resize (VmTerminal *self, guint columns, guint rows);
VM_API void vm_terminal_set_control (VmTerminal *self, gboolean control);

G_END_DECLS
