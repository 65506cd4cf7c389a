/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/mediaidentity.h"

/* The nonces of two participants for each other: sent when they join, renewed
 * by restarts. Pure. */

/* Restarts of this side that may be under way at once; beyond, the oldest are
 * lost. */
#define VM_MEDIA_RESTARTS_MAX 8

typedef guint8 VmMediaNonce[VM_MEDIA_NONCE_SIZE];

typedef struct
{
  gboolean has_own, has_other;
  VmMediaNonce own, other;
  /* sent by restarts, oldest first, until an offer uses one: an offer may cross
   * the next restart, and a restart may be lost */
  VmMediaNonce next[VM_MEDIA_RESTARTS_MAX];
  guint n_next;
} VmMediaNonces;

/* Base64; any text, or NULL. */
gboolean vm_media_nonce_read (const gchar *text, VmMediaNonce nonce);
void vm_media_nonces_init (
    VmMediaNonces *nonces, const gchar *own, const gchar *other);
/* This side asks for a restart by @nonce. */
void vm_media_nonces_add_next (VmMediaNonces *nonces, const VmMediaNonce nonce);
/* An offer used the next nonce of that @index: it is this side's own now, and
 * those sent before it are void. */
void vm_media_nonces_take_next (VmMediaNonces *nonces, guint index);
