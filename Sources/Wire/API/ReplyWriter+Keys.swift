internal import Billing
internal import CTallyProto

extension ReplyWriter {
    package func createdKey(_ secret: String, _ report: KeyReport) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__create_key_response__init)
        message.pointee.secret = arena.string(secret)
        message.pointee.key = key(report)
        return arena.pack(message)
    }

    package func keys(_ reports: [KeyReport]) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__list_keys_response__init)
        (message.pointee.n_keys, message.pointee.keys) = arena.list(reports) { key($0) }
        return arena.pack(message)
    }

    package func rotatedKey(
        _ secret: String, _ report: KeyReport, old: KeyReport
    ) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__rotate_key_response__init)
        message.pointee.secret = arena.string(secret)
        message.pointee.key = key(report)
        message.pointee.old_key = key(old)
        return arena.pack(message)
    }

    package func mintedKey(_ report: MintReport) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__mint_customer_key_response__init)
        message.pointee.access_token = arena.string(report.access)
        message.pointee.expire_time = time(report.expires)
        message.pointee.refresh_token = arena.string(report.refresh)
        message.pointee.refresh_expire_time = time(report.refreshExpires)
        message.pointee.key_id = arena.string(report.id)
        return arena.pack(message)
    }

    package func refreshedKey(_ report: MintReport) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__refresh_customer_key_response__init)
        message.pointee.access_token = arena.string(report.access)
        message.pointee.expire_time = time(report.expires)
        message.pointee.refresh_token = arena.string(report.refresh)
        message.pointee.refresh_expire_time = time(report.refreshExpires)
        return arena.pack(message)
    }

    package func revokedKeys(_ count: Int) -> UnsafeRawBufferPointer {
        let message = arena.make(tally__v1__revoke_customer_keys_response__init)
        message.pointee.revoked = UInt32(clamping: count)
        return arena.pack(message)
    }

    private func key(_ report: KeyReport) -> UnsafeMutablePointer<Tally__V1__Key> {
        let message = arena.make(tally__v1__key__init)
        message.pointee.key_id = arena.string(report.id)
        message.pointee.name = arena.string(report.name)
        message.pointee.kind =
            switch report.kind {
            case .secret: TALLY__V1__KEY_KIND__KEY_KIND_SECRET
            case .publishable: TALLY__V1__KEY_KIND__KEY_KIND_PUBLISHABLE
            case .customer: TALLY__V1__KEY_KIND__KEY_KIND_CUSTOMER
            case .refresh: TALLY__V1__KEY_KIND__KEY_KIND_REFRESH
            }
        message.pointee.state =
            switch report.state {
            case .active: TALLY__V1__KEY_STATE__KEY_STATE_ACTIVE
            case .expired: TALLY__V1__KEY_STATE__KEY_STATE_EXPIRED
            case .revoked: TALLY__V1__KEY_STATE__KEY_STATE_REVOKED
            }
        message.pointee.prefix = arena.string(report.prefix)
        (message.pointee.n_scopes, message.pointee.scopes) =
            arena.list(report.scopes) { arena.string($0) }
        if let customer = report.customer {
            message.pointee.customer_id = arena.string(customer.text)
        }
        message.pointee.create_time = time(report.created)
        message.pointee.expire_time = time(report.expires)
        message.pointee.last_use_time = time(report.lastUsed)
        message.pointee.replaces_key_id = arena.string(report.replaces)
        return message
    }
}
