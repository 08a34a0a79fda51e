import Testing

@testable import SealpostServer

@Suite struct DatabaseURLTests {
    @Test(arguments: [
        ("postgres://bob:s3cret@db.example:5432/mail", "postgres://bob:***@db.example:5432/mail"),
        ("postgresql://bob@one.example:5432,two.example/mail", "postgresql://bob@one.example:5432,two.example/mail"),
        ("postgres:///mail?host=/run/postgresql", "postgres:///mail?host=/run/postgresql"),
        (
            "postgres://h:5432/mail?user=bob&password=s3cret&sslmode=require",
            "postgres://h:5432/mail?user=bob&password=***&sslmode=require"
        ),
        ("postgres://h/mail?sslpassword=s3cret&p%61ssword=s3cret", "postgres://h/mail?sslpassword=***&p%61ssword=***"),
        ("postgres://bob:s3=cr&et:s3%40cret@db.example/mail", "postgres://bob:***@db.example/mail"),
        ("postgres://db.example/mail?password=s3:cret", "postgres://db.example/mail?password=***"),
    ])
    func aPasswordIsMaskedWhereverItIs(text: String, shown: String) throws {
        let url = try #require(DatabaseURL(text))
        #expect(url.masked(by: "***") == shown)
        #expect(url.exposedText == text)
    }

    @Test func itPrintsMasked() throws {
        let url = try #require(DatabaseURL("postgres://bob:s3cret@db.example/mail"))
        var configuration = ServerConfiguration()
        configuration.database = url
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(url)", String(reflecting: url), "\(configuration)", dumped, configuration.listing] {
            #expect(!text.contains("s3cret"))
        }
        #expect(configuration.listing.contains("\ndatabase = postgres://bob:********@db.example/mail\n"))
    }

    @Test(arguments: [
        "", "postgres:/h", "Postgres://h", "http://h",
        // The password is not escaped as it should be.
        "postgres://bob:s3/cr@db.example/mail", "postgres://bob:s3@cret@db.example/mail",
        "postgres://bob:s3?cret@db.example/mail", "postgres://db.example/mail?password=s3@cret",
    ])
    func nothingElseIsOne(text: String) {
        #expect(DatabaseURL(text) == nil)
    }
}
