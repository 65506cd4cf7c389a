/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/janus/janusclient.h"

#include <gio/gio.h>
#include <gst/videomeet/vmidentity.h>

/* A VmJanusClient with its WebSocket and its clock. All belongs to the thread
 * whose default context made it. */

#define VM_TYPE_JANUS_CONNECTION (vm_janus_connection_get_type ())
G_DECLARE_FINAL_TYPE (
    VmJanusConnection, vm_janus_connection, VM, JANUS_CONNECTION, GObject)

/* Never called inside a call of the owner's, but for those that it makes in
 * here. */
typedef void (*VmJanusConnectionFunc) (
    VmJanusConnection *self, const VmJanusEvent *event, gpointer user_data);

/* Janus by the server of a room, which passes it on (protocol/cloud.md). */
typedef struct
{
  const gchar *base_uri; /* "https://10.0.0.1:8080" */
  const gchar *key_hash; /* of its key; NULL over plain HTTP */
  const gchar *path, *ticket;
  VmIdentity *identity;
} VmJanusPlace;

VmJanusConnection *vm_janus_connection_new_at (const VmJanusPlace *place,
    const VmJanusClientConfig *config, VmJanusConnectionFunc func,
    gpointer user_data, GError **error);
/* @uri: "wss://host:port/path", as vm_janus_uri_parse() gives it. The system
 * must trust the certificate, unless the server is on this machine.
 * VM_ERROR_BAD_REQUEST. */
VmJanusConnection *
vm_janus_connection_new (const gchar *uri, const VmJanusClientConfig *config,
    VmJanusConnectionFunc func, gpointer user_data, GError **error);
void vm_janus_connection_start (VmJanusConnection *self);
/* Says goodbye and waits for the answer: CLOSED is the last event. */
void vm_janus_connection_leave (VmJanusConnection *self);
/* Says goodbye, and nothing more to the owner. */
void vm_janus_connection_close (VmJanusConnection *self);

/* For what only reads. */
VmJanusClient *vm_janus_connection_get_client (VmJanusConnection *self);

/* As the functions of VmJanusClient. */
gboolean vm_janus_connection_publish (VmJanusConnection *self, const gchar *sdp,
    const gchar *const *descriptions, GError **error);
void vm_janus_connection_unpublish (VmJanusConnection *self);
void vm_janus_connection_add_candidate (VmJanusConnection *self,
    VmJanusRole role, const gchar *candidate, const gchar *mid, gint64 mline);
gboolean vm_janus_connection_want (
    VmJanusConnection *self, gint64 feed, const gchar *mid, GError **error);
void vm_janus_connection_drop (
    VmJanusConnection *self, gint64 feed, const gchar *mid);
void vm_janus_connection_ask_key_frame (
    VmJanusConnection *self, gint64 feed, const gchar *mid);
void vm_janus_connection_choose_layers (VmJanusConnection *self, gint64 feed,
    const gchar *mid, gint substream, gint temporal);
void vm_janus_connection_answer (VmJanusConnection *self, const gchar *sdp);
void vm_janus_connection_renew_subscriber (
    VmJanusConnection *self, const GError *error);
