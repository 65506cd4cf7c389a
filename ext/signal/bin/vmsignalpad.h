/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/videomeet.h>

/* A src pad of vmsignalbin: a ghost pad that knows the participant of its
 * stream and tolerates being unlinked. */

#define VM_TYPE_SIGNAL_PAD (vm_signal_pad_get_type ())
G_DECLARE_FINAL_TYPE (VmSignalPad, vm_signal_pad, VM, SIGNAL_PAD, GstGhostPad)

GstPad *vm_signal_pad_new (const gchar *name, GstPad *target,
    GstPadTemplate *templ, VmParticipant *participant);

/* @func runs on the streaming thread once EOS has gone all the way downstream.
 * To be set before EOS is sent. */
void vm_signal_pad_set_ended_func (VmSignalPad *self,
    void (*func) (GstPad *pad, gpointer user_data), gpointer user_data,
    GDestroyNotify notify);
