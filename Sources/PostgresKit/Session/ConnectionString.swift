import CPostgres
import Glibc

/// What a connection string says about where to connect.
struct ConnectionString {
    /// A place for one attempt, as parameters that override the string's own.
    struct Address: Hashable {
        var host = ""
        var hostaddr = ""
        var port = ""

        /// Without those that the string need not be overridden in.
        var parameters: [(String, String)] {
            [("host", host), ("hostaddr", hostaddr), ("port", port)].filter { !$0.1.isEmpty }
        }
    }

    private let options: [String: String]

    /// Throws `unreachable` if libpq cannot read it, without quoting from it: there may be a password in the place that
    /// is wrong.
    init(_ url: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let list = PQconninfoParse(url, &message) else {
            defer { PQfreemem(message) }
            let reason = message.map { String(cString: $0) } ?? "out of memory"
            throw .unreachable("the connection string cannot be read: \(withoutQuotes(reason))")
        }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var option = list
        // The list ends with an option without a name.
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.options = options
        guard !values("host").contains(where: { $0.dropFirst().contains("@") }) else {
            throw .unreachable("the host in the URL has an @: one in a password is written as %40")
        }
    }

    /// nil: not said.
    var connectTimeout: Duration? {
        guard let text = options["connect_timeout"], let seconds = Int(text), seconds > 0 else { return nil }
        return .seconds(seconds)
    }

    /// Every address of every host in their order. One that overrides nothing where libpq itself has to choose between
    /// hosts, or takes them from elsewhere.
    func addresses() -> [Address] {
        let (hosts, numbers, ports) = (values("host"), values("hostaddr"), values("port"))
        let count = max(hosts.count, numbers.count)
        guard options["target_session_attrs"] != "prefer-standby", options["load_balance_hosts"] != "random",
            count > 0, [0, count].contains(hosts.count), [0, count].contains(numbers.count),
            [0, 1, count].contains(ports.count)
        else { return [Address()] }
        return (0..<count).flatMap { index in
            let address = Address(
                host: hosts.isEmpty ? "" : hosts[index], hostaddr: numbers.isEmpty ? "" : numbers[index],
                port: ports.count > 1 ? ports[index] : ports.first ?? "")
            return resolve(address)
        }
    }

    private func values(_ keyword: String) -> [String] {
        guard let text = options[keyword], !text.isEmpty else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// One for each number of a host that has a name; as it is if there are none, for libpq to say why.
    private func resolve(_ address: Address) -> [Address] {
        guard address.hostaddr.isEmpty, let first = address.host.first, first != "/", first != "@" else {
            return [address]
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, nil, &hints, &list) == 0 else { return [address] }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let entry else { break }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let code = getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            guard code == 0 else { continue }
            var one = address
            one.hostaddr = text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
            addresses.append(one)
        }
        return addresses.isEmpty ? [address] : addresses
    }
}

/// A message of libpq or a server without what it quotes.
func withoutQuotes(_ message: String) -> String {
    message.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        .map { $0.offset.isMultiple(of: 2) ? $0.element : "…" }
        .joined(separator: "\"")
}

/// What libpq says about a connection, in one line.
func message(of handle: OpaquePointer) -> String {
    let lines = String(cString: PQerrorMessage(handle)).split(whereSeparator: \.isNewline)
        .map { $0.drop(while: \.isWhitespace) }
    return lines.isEmpty ? "no reason given" : lines.joined(separator: "; ")
}

/// Null-terminated strings in a null-terminated array, valid during the call.
func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    let copies = strings.map { strdup($0) }
    defer {
        for copy in copies { free(copy) }
    }
    return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { pointers in
        // It ends with a null, so it is not empty and has an address.
        guard let base = pointers.baseAddress else { preconditionFailure("the array has a null at least") }
        return body(base)
    }
}
